"""HuggingFace Trainers: the sieve, any other method, and audits on the way."""

from earlysieve.integrations.huggingface.audit_each_epoch import AuditEachEpoch
from earlysieve.integrations.huggingface.method_trainer import MethodTrainer
from earlysieve.integrations.huggingface.sieve_trainer import SieveTrainer

__all__ = ["AuditEachEpoch", "MethodTrainer", "SieveTrainer"]
