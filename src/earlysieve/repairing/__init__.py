"""Last-layer repair: another last layer for a trained classifier, from data it has not seen.

Reading order: `last_layer` (which layer makes the logits) -> `features` (one pass over the data) ->
`multinomial` and `sparse` (the two solvers) -> `dfr`, `afr`, `neurontune`, `crt`, `leace`, `inlp`
(the methods, one file each) -> `registry` -> `fitting` -> `repair` -> `algorithm` (the same as a
training method); `large_dropout` trains the whole network, most of what that layer reads dropped.
"""
