"""Audits and runs side by side.

Reading order: `entry` (what a folder says) -> `folded` (seeds of one configuration as one line) ->
`compare` (lines, and differences to the first) -> `data_told` (which data figures are of) ->
`written` and `tex` (CSV, Markdown, a page, LaTeX).
"""
