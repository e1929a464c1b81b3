"""Methods compared under one protocol: every cell an ordinary run, every figure from a test split.

Reading order: `protocol` (what is the same for all) -> `arms` (what is compared, and what each
knows) -> `grid` (both from a file) -> `cells` (runs and groups, and what each needs) -> `configs`
(a cell as the configuration of a run) -> `checks` (before anything is written) -> `work` (several
processes, cell after cell) -> `one_run`, `one_groups` -> `gather` (means and intervals) ->
`written`, `page`.
"""
