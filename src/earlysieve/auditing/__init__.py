"""Audit a trained classifier: collect once, read out every layer, score, judge, report."""
