"""Bad input of the command line: hundreds of cases, none of which may end in a traceback of ours.

`python -m tests.fuzz --help` tries other cases, or one part alone.
"""
