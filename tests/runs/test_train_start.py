"""What is done between preparing a training run and its first step."""

from types import SimpleNamespace

from earlysieve.runs.train_start import begin, run_settings
from earlysieve.training import RunSettings, TrainConfig
from tests.training.helpers import Noisy, erm


def test_each_setting_of_a_run_comes_from_the_field_of_its_name():
    given = {
        "epochs": 3,
        "batch_size": 5,
        "seed": 7,
        "evaluate_every": 2,
        "patience": 4,
        "select": "loss",
        "restore_best": False,
        "refresh_batches": 6,
    }
    assert run_settings(TrainConfig(**given)) == given
    assert RunSettings(**given).refresh_batches == 6


def test_a_kept_teacher_is_computed_though_nothing_is_to_be_said(tmp_path):
    kept, told = [], []
    algorithm = erm(TrainConfig())
    algorithm.teacher = SimpleNamespace(keep=lambda *, fresh: kept.append(fresh))
    job = SimpleNamespace(notes=[], config=TrainConfig(), data=Noisy(), out=tmp_path)
    reporter = SimpleNamespace(tell=told.append)
    begin(job, algorithm, reporter, sampler=None, validation=None, resume=False)
    assert (kept, told) == ([True], [])
