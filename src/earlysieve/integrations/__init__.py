"""All methods in other people's training loops: PyTorch Lightning and Hugging Face.

`lightning` and `huggingface` let any method give the loss, sieve after the main update, and audit
on the way; `each_epoch` audits in whatever loop.
"""
