"""How much a model relies on a cue that is known: measured, where an audit only suspects.

Reading order: `figures` (what reliance is), `measure` (of a model on data), `told` (which class a
value speaks for), `redraw` (plant a cue independently of the label), `randomised` (what permuting
a feature costs, which is not reliance).
"""
