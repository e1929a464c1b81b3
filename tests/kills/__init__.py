"""Commands that are killed at drawn moments: nothing is half written, mixed, lost or left behind.

`python -m tests.kills` kills a hundred, of all methods and audits, and prints a table.
"""
