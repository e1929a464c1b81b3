"""Where a training of the `Trainer` goes on."""

from earlysieve._imports import need

_trainer_utils = need("transformers.trainer_utils", extra="text")


def checkpoint_asked(resume_from_checkpoint: str | bool | None, output_dir: str) -> str | None:
    """The checkpoint that `Trainer.train` will go on from; None: it starts afresh.

    Call it before training, which adds checkpoints.
    """
    if resume_from_checkpoint is True:
        found = _trainer_utils.get_last_checkpoint(output_dir)
        return None if found is None else str(found)
    return str(resume_from_checkpoint) if resume_from_checkpoint else None
