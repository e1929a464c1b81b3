"""A search for the settings of a method, with plain training as trial 0, in a folder.

Reading order: `space` (where to look) -> `plan` (what is searched, and whether a folder belongs to
it) -> `storage` and `places` (trials that survive kills) -> `one_trial` (a run in a folder) ->
`worker` (trial after trial) -> `choice` -> `again` (fresh seeds) -> `search` (all of it) -> `page`.
"""
