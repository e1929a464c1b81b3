"""From a configuration to a network that is trained, saved and audited, in a folder.

Reading order: `train_data` (open the data), `given_groups` (their groups), `build` (what learns),
`train_run` (a run in a folder), `train_start` (what comes before its first step), `class_names`
(what the outputs are called), `audit_run` (an audit in a folder). Nothing here prints: a `Reporter`
is told.
"""
