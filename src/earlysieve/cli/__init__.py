"""The command line: thin commands over the library.

Reading order: `main` (the commands and how they end), `model_spec` and `sources` (what --model and
--data mean), `console` (what is printed), then one file per command.
"""
