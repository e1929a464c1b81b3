"""Swap a part of an example for that part of another one, and see which of both is answered."""
