"""Why nothing can be said of a model that simple readouts outdo."""

OUTDONE_HERE = (
    "The model does worse than a simple readout of its own layers: it is not trained well enough "
    "for its mistakes to tell anything, or it was trained with another preprocessing than that of "
    "these data, or what it goes by fails here, or its layers tell something simple that it does "
    "not go by, because it learned better or was repaired."
)
# Of what is no network, whose one layer is what it is given.
OUTDONE_INPUTS = (
    "The model does worse than a linear readout of all that it is given: the label comes of the "
    "inputs more simply than the model has learned it, as trees are slow to learn a sum, or its "
    "settings are poor, or it was fitted to inputs that were prepared otherwise than these, or "
    "what it goes by fails here. So far its mistakes tell little of what it goes by. What you "
    "suspect can be asked all the same (irrelevant=[NAME]): swaps show what its answers follow."
)
