"""The ways to train, each an entry of `registry.METHODS`, built from a `Job`."""
