"""What a model's decisions survive: its accuracy on examples of which something is taken away."""
