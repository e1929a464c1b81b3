"""The feature sieve in other people's training loops: PyTorch Lightning and Hugging Face."""
