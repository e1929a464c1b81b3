"""Figures of a classifier that papers report, with intervals, and beside a reference.

Reading order: `calibration`, `by_cell` (accuracy by group or class, gaps), `bias_amplification`
(each a figure of weighted examples) -> `bootstrap` -> `measure` (all of them) -> `paired_seeds`.
Accuracy by group, Wilson's interval and t-intervals over seeds are in `groups/`.
"""
