"""Groups of examples: how accurate a model is in each, and the averages over them."""
