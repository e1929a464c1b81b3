"""Small classifiers on intermediate layers, and how many are fitted from one pass."""
