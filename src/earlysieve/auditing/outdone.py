"""Why nothing can be said of a model that readouts of its own layers outdo."""

OUTDONE_HERE = (
    "The model does worse than a simple readout of its own layers: it is not trained well enough "
    "for its mistakes to tell anything, or it was trained with another preprocessing than that of "
    "these data, or what it goes by fails here, or its layers tell something simple that it does "
    "not go by, because it learned better or was repaired."
)
