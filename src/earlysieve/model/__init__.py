"""The only code that touches somebody else's network: batches, layers, capture, state."""
