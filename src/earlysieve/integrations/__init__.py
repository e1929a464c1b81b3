"""All methods in other people's training loops: PyTorch Lightning and Hugging Face.

`lightning_methods` and `huggingface_methods` let any method give the loss, `lightning` and
`huggingface` sieve after the main update, `each_epoch` audits on the way.
"""
