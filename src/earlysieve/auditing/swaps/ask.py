"""Ask the model, and keep count of what that costs."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from earlysieve.auditing.kept_answers import ANEW, Answers, digest_of
from earlysieve.auditing.swaps.carrier import Carrier
from earlysieve.model.batch import Inputs, call_model, first_tensor, inputs_to, logits_of, take
from earlysieve.model.capture import run_hooked

GRADIENT_COST = 3


class Asker:
    """A model in evaluation mode, with the example-forwards that may be spent on it.

    Attributes:
        spent: example-forwards so far.
    """

    def __init__(
        self,
        model: nn.Module,
        budget: int,
        *,
        device: torch.device | str,
        batch_size: int = 64,
        kept: Answers = ANEW,
    ) -> None:
        self.model, self.budget, self.device, self.spent = model, budget, device, 0
        self._batch_size, self._kept = batch_size, kept

    @property
    def left(self) -> int:
        """Example-forwards that are left."""
        return self.budget - self.spent

    def answers(self, inputs: Inputs) -> Tensor:
        """The model's class for each example, int64 (n,)."""
        return torch.cat([self._classes(part, self._plain) for part in self._pieces(inputs)])

    def answers_between(
        self, receivers: Inputs, donors: Inputs, layer: str, mix: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        """The class of each receiver where `mix(own, donor's)` replaces a layer's output."""
        found = []
        for mine, theirs in zip(self._pieces(receivers), self._pieces(donors), strict=True):
            self.spent += 2 * _count(mine)
            seen: list[Tensor] = []

            def keep(_name: str, _module: nn.Module, output: Tensor, kept: list[Tensor]) -> None:
                kept.append(output.clone())

            def change(
                _name: str, _module: nn.Module, output: Tensor, kept: list[Tensor]
            ) -> Tensor:
                return mix(output, kept[0])

            def mixed(
                mine: Inputs = mine, theirs: Inputs = theirs, seen: list[Tensor] = seen
            ) -> Tensor:
                self._hooked(theirs, layer, partial(keep, kept=seen))
                logits = self._hooked(mine, layer, partial(change, kept=seen))
                return logits.argmax(1).cpu()

            found.append(self._answer(mixed, mine, theirs, about=f"{layer} "))
        return torch.cat(found)

    def _answer(self, make: Callable[[], Tensor], *inputs: Inputs, about: str = "") -> Tensor:
        found: Tensor = self._kept.get(
            lambda: digest_of(*inputs, about=about), lambda: {"answer": make()}
        )["answer"]
        return found

    def gradients(self, inputs: Inputs, carrier: Carrier) -> Tensor:
        """How the winning class's lead grows with the carrier, as `carrier.get(inputs)` lies."""
        return torch.cat([self._gradient(part, carrier) for part in self._pieces(inputs)])

    def _gradient(self, inputs: Inputs, carrier: Carrier) -> Tensor:
        self.spent += GRADIENT_COST * _count(inputs)
        return self._answer(lambda: self._gradients(inputs, carrier), inputs, about="gradients")

    def _gradients(self, inputs: Inputs, carrier: Carrier) -> Tensor:
        placed = inputs_to(inputs, self.device)
        with torch.enable_grad():
            leaf = carrier.get(placed).detach().clone().requires_grad_()
            logits = logits_of(call_model(self.model, carrier.put(placed, leaf))).float()
            won = logits.argmax(1, keepdim=True)
            others = logits.scatter(1, won, -torch.inf).logsumexp(1)
            lead = (logits.gather(1, won)[:, 0] - others).sum()
            (found,) = torch.autograd.grad(lead, leaf)
        return found.detach().cpu()

    def _plain(self, inputs: Inputs) -> Tensor:
        return logits_of(call_model(self.model, inputs))

    def _classes(self, inputs: Inputs, run: Callable[[Inputs], Tensor]) -> Tensor:
        self.spent += _count(inputs)
        return self._answer(lambda: run(inputs_to(inputs, self.device)).argmax(1).cpu(), inputs)

    def _hooked(self, inputs: Inputs, layer: str, call: Callable[..., Tensor | None]) -> Tensor:
        placed = inputs_to(inputs, self.device)
        return run_hooked(
            self.model, [layer], call, lambda network: logits_of(call_model(network, placed))
        )

    def _pieces(self, inputs: Inputs) -> Iterator[Inputs]:
        for start in range(0, _count(inputs), self._batch_size):
            yield take(inputs, slice(start, start + self._batch_size))


def _count(inputs: Inputs) -> int:
    return int(first_tensor(inputs).shape[0])
