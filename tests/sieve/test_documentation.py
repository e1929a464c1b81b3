"""The code in docs/sieve.md runs as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from earlysieve import FeatureSieve

PAGE = Path(__file__).parents[2] / "docs" / "sieve.md"


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer1, self.layer2 = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)
        self.norm, self.head = nn.BatchNorm2d(8), nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.layer2(torch.relu(self.layer1(x))))
        return self.head(self.norm(x).mean((2, 3)))


@pytest.mark.filterwarnings("ignore::earlysieve.training.SingleClassWarning")
def test_the_examples_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this copy")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    ours = [b for b in blocks if "integrations" not in b]
    assert len(ours) == 4
    model = Net()
    data = [(torch.randn(3, 8, 8), i % 10) for i in range(20)]
    space: dict[str, Any] = {
        "torch": torch,
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "loader": torch.utils.data.DataLoader(data, 10),  # type: ignore[arg-type]
        "train_data": data,
        "held_out": data,
    }
    exec(ours[0], space)
    first = space["sieve"]
    exec(ours[1], space)
    assert set(space["logs"]) == {"readout_loss", "readout_accuracy"}
    space["sieve"] = first
    fit_block = ours[2].replace("epochs=20", "epochs=1, progress=False")
    exec(fit_block, space)
    assert isinstance(first, FeatureSieve)
    assert space["result"].epochs == 1
    assert (tmp_path / "run" / "last.pt").exists()
    before = model.norm.running_mean.clone()  # type: ignore[union-attr]
    exec(ours[3], space)
    assert not torch.equal(model.norm.running_mean, before)  # type: ignore[arg-type]
