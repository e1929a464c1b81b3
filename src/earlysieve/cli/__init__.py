"""The command line: thin commands over the library.

Reading order: `start` and `main` (the commands and how they end), `model_options` and
`data_options` (what can be given), `console` (what is printed), then one file per command. What
they call is in `runs`.
"""
