"""Lightning callbacks: the sieve, any other method, audits on the way, a repair at the end."""

from earlysieve.integrations.lightning.audit_callback import AuditCallback
from earlysieve.integrations.lightning.method_callback import MethodCallback
from earlysieve.integrations.lightning.repair_callback import RepairCallback
from earlysieve.integrations.lightning.sieve_callback import SieveCallback

__all__ = ["AuditCallback", "MethodCallback", "RepairCallback", "SieveCallback"]
