"""Models that are no networks, as one: estimators of scikit-learn, and any function of rows."""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earlysieve.errors import EarlysieveError, InputError, one_line

Gives = Literal["logits", "probabilities"]
INPUTS = "inputs"
# What a class that no tree votes for counts: log-odds of about 14 against it.
LEAST = 1e-6
ROWS_AT_ONCE = 4096
_OFF = 0.01
_HOW = "es.from_predictor(function) takes any function of rows"
_WAYS = ("decision_function", "predict_proba", "predict_log_proba")


class Predictor(nn.Module):
    """A function of rows as a network: its one layer, `inputs`, is what it is given.

    It has no weights, and no gradients lead through it. See `from_predictor`.

    Attributes:
        called: the name of what answers, for people.
        classes: that its outputs stand for, in order; empty: 0, 1, 2, ...
        feature_names: of the columns that it was fitted on; empty where it does not say.
        takes_arrays: whether it was fitted on arrays, and warns of frames.
        is_estimator: whether it has a method `fit`, and is none of our own functions.
        weighs_by: what `fit` calls weights of examples; empty: it takes none, or is not known.
        gaps: columns that say where others have no value, with the names of these.
        dates: columns of weekdays, with the names of the dates that these are of.
    """

    def __init__(
        self,
        predict: Callable[[Any], Any],
        *,
        called: str,
        gives: Gives = "logits",
        classes: Sequence[Any] = (),
        feature_names: Sequence[str] = (),
        takes_arrays: bool = False,
        is_estimator: bool = False,
        weighs_by: str = "",
    ) -> None:
        """Keep the function; the rest as the attributes."""
        super().__init__()
        self.inputs = nn.Identity()
        self.called, self.classes, self.feature_names = called, list(classes), list(feature_names)
        self.takes_arrays, self.is_estimator = takes_arrays, is_estimator
        self.weighs_by = weighs_by
        self.gaps: Mapping[str, str] = {}
        self.dates: Mapping[str, str] = {}
        self._predict, self._gives = predict, gives
        self._rows: Callable[[NDArray[np.float32]], Any] = np.asarray

    def reading(
        self,
        rows: Callable[[NDArray[np.float32]], Any],
        gaps: Mapping[str, str] | None = None,
        dates: Mapping[str, str] | None = None,
    ) -> Self:
        """The same model, which gets `rows(values)` of values, shape (B, D), in their place."""
        other = copy.copy(self)
        other._modules = {"inputs": nn.Identity()}
        other._rows = rows
        other.gaps, other.dates = gaps or {}, dates or {}
        return other

    def forward(self, rows: Tensor) -> Tensor:
        """Logits, float32 of shape (B,) or (B, C).

        Args:
            rows: shape (B, D).

        Raises:
            InputError: these are no rows, or what answers fails, or its answers are no logits.
        """
        if not isinstance(rows, Tensor) or rows.ndim != 2:
            got = tuple(rows.shape) if isinstance(rows, Tensor) else type(rows).__name__
            raise InputError(
                f"Expected rows of a table, shape (N, D), for {self.called}, but got {got}; what "
                "takes images or texts has to be a torch.nn.Module"
            )
        given = self.inputs(rows)
        said = self._answers(given.detach().cpu().numpy())
        logits = _logits(said, len(given), self._gives, self.called)
        _check_width(logits, len(self.classes), self.called)
        return torch.from_numpy(logits.astype(np.float32)).to(given.device)

    def _answers(self, values: NDArray[np.float32]) -> Any:
        try:
            return self._predict(self._rows(values))
        except EarlysieveError:
            raise
        except Exception as error:  # of whatever the user's function does
            raise InputError(
                f"Expected {self.called} to answer rows of shape {values.shape}, but it raised "
                f"{type(error).__name__}: {one_line(error)}; pass the columns that it was fitted "
                "on, as it takes them"
            ) from error


def from_predictor(
    predict: Any, *, gives: Gives = "logits", classes: Sequence[Any] = ()
) -> Predictor:
    """A model for `audit` and `measure_reliance` of any function of rows, whatever it runs in.

    An estimator with `decision_function`, `predict_proba` or `predict_log_proba`, as those of
    scikit-learn, needs no such call: `audit` takes it as it is.

    Args:
        predict: takes rows, shape (N, D), as an array, or as a frame where the data are a frame,
            with its columns and dtypes; returns an array of shape (N, C), or (N,) or (N, 1) for
            two classes. Or an estimator, which says the rest itself.
        gives: "logits", of shape (N,) that of class 1 against class 0; or "probabilities", which
            become logarithms, at least that of 1e-6.
        classes: the label that each column stands for; by default 0, 1, 2, ...

    Raises:
        InputError: it is neither a function nor a classifier, or `gives` is something else. When it
            answers: NaN, another shape, class numbers instead of logits, or an exception.

    Example:
        >>> import numpy as np
        >>> import earlysieve as es
        >>> x = np.random.default_rng(0).normal(size=(300, 3))
        >>> y = (x[:, 0] + x[:, 1] > 0).astype(int)
        >>> model = es.from_predictor(lambda rows: 4 * rows[:, 0] + 4 * rows[:, 1])
        >>> es.audit(model, (x, y), seen_in_training=False).layers["layer"].tolist()
        ['inputs']
    """
    if gives not in get_args(Gives):
        raise InputError(
            f"Expected gives to be 'logits' or 'probabilities', but got {gives!r}; class numbers "
            "alone do not do"
        )
    if isinstance(predict, Predictor):
        return predict
    if _is_estimator(predict):
        return _of_estimator(predict)
    if not callable(predict) or isinstance(predict, nn.Module | type):
        raise InputError(
            "Expected a function of rows, or a fitted classifier with decision_function or "
            f"predict_proba, but got {_kind(predict)}; pass such a function"
        )
    name = getattr(predict, "__name__", type(predict).__name__)
    called = "the function" if name == "<lambda>" else f"'{name}'"
    return Predictor(predict, called=called, gives=gives, classes=classes)


def as_network(model: Any) -> nn.Module:
    """The model itself, or a fitted estimator as a `Predictor`.

    Raises:
        InputError: it is neither.
    """
    if isinstance(model, nn.Module):
        return model
    if _is_estimator(model):
        return _of_estimator(model)
    why = "make one, and fit it" if isinstance(model, type) else "pass the network itself"
    if hasattr(model, "predict") and not isinstance(model, type):
        why = (
            "it has neither decision_function nor predict_proba, as a regressor or a booster: "
            "pass a classifier, or es.from_predictor(lambda rows: ..., gives='probabilities')"
        )
    elif callable(model) and not isinstance(model, type):
        why = "pass es.from_predictor(function), if it is a function of the rows of a table"
    raise InputError(
        "Expected the model to be a torch.nn.Module, or a fitted classifier as those of "
        f"scikit-learn, but got {_kind(model)}; {why}"
    )


def check_has_weights(model: Any) -> None:
    """Check that a model has a last layer, or weights that training changes.

    Raises:
        InputError: it is an estimator, or a `Predictor`.
    """
    if isinstance(model, Predictor) or _is_estimator(model):
        name = model.called if isinstance(model, Predictor) else type(model).__name__
        raise InputError(
            f"Expected a network, which has a last layer that can be fitted anew, but got {name}; "
            "train it again yourself: without the column that the audit names, or with weights by "
            "the audit's groups (sample_weight=es.balanced_weights(es.infer_groups(es.audit(model, "
            "train_data)).numbers))"
        )


def _is_estimator(model: Any) -> bool:
    answers = any(hasattr(model, way) for way in _WAYS)
    return answers and not isinstance(model, nn.Module | type)


def _of_estimator(model: Any) -> Predictor:
    """A fitted classifier: by its decisions where it has such, else by its probabilities."""
    name = type(model).__name__
    classes = _classes_of(model, name)

    in_pairs = len(classes) > 2 and _compares_in_pairs(model)
    if in_pairs and not hasattr(model, "predict_proba"):
        raise InputError(
            f"Expected decisions of {name} by class, but it compares classes two by two; set its "
            "decision_function_shape to 'ovr', which changes no answer"
        )

    def predict(rows: Any) -> Any:
        if hasattr(model, "decision_function") and not in_pairs:
            return model.decision_function(rows)
        if hasattr(model, "predict_proba"):
            return _logits(model.predict_proba(rows), len(rows), "probabilities", name)
        return np.maximum(np.asarray(model.predict_log_proba(rows)), np.log(LEAST))

    names = getattr(model, "feature_names_in_", None)
    return Predictor(
        predict,
        called=name,
        classes=classes,
        feature_names=[] if names is None else [str(one) for one in names],
        takes_arrays=names is None,
        is_estimator=True,
        weighs_by=_weights_of(model),
    )


def _compares_in_pairs(model: Any) -> bool:
    """Whether decisions are of pairs of classes, as a support vector machine may give them."""
    last = getattr(model, "steps", None) or [("", model)]
    return getattr(last[-1][1], "decision_function_shape", None) == "ovo"


def _weights_of(model: Any) -> str:
    """What `fit` calls weights of examples; of a pipeline those of its last step."""
    steps = getattr(model, "steps", None)
    if isinstance(steps, list) and steps:
        name, last = steps[-1]
        inner = _weights_of(last)
        return f"{name}__{inner}" if inner else ""
    try:
        taken = inspect.signature(model.fit).parameters
    except (AttributeError, TypeError, ValueError):
        return ""
    return "sample_weight" if "sample_weight" in taken else ""


def _classes_of(model: Any, name: str) -> list[Any]:
    found = getattr(model, "classes_", None)
    if found is None:
        raise InputError(
            f"Expected a fitted classifier, but {name} has no classes_: fit it, or, where it tells "
            f"outliers or is none of scikit-learn's, wrap what gives its logits; {_HOW}"
        )
    if isinstance(found, list) or np.ndim(found) != 1:
        raise InputError(
            f"Expected a classifier with one answer per row, but {name} has several (its classes_ "
            f"are {len(found)} lists); audit one of them, as {_HOW}"
        )
    return list(np.asarray(found).tolist())


def _logits(said: Any, count: int, gives: Gives, name: str) -> NDArray[np.float64]:
    """Answers as logits, shape (N,) or (N, C)."""
    values = said.detach().cpu().numpy() if isinstance(said, Tensor) else np.asarray(said)
    _check_numbers(values, count, name)
    found: NDArray[np.float64] = values.astype(np.float64)
    found = found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
    if np.isnan(found).any() or (gives == "logits" and np.isinf(found).any()):
        row = int((~np.isfinite(found)).reshape(count, -1).any(1).argmax())
        raise InputError(
            f"Expected finite answers of {name}, but got {found[row]} in row {row} of a batch; "
            "logarithms of 0 are what gives='probabilities' saves you from"
        )
    if gives == "logits":
        return found
    whole = np.ones(count) if found.ndim == 1 else found.sum(1)
    if found.min() < -_OFF or found.max() > 1 + _OFF or (np.abs(whole - 1) > _OFF).any():
        raise InputError(
            f"Expected probabilities of {name}, in [0, 1] and 1 in sum, but got {found[0]}; leave "
            "gives='probabilities' out where these are logits"
        )
    log = np.log(np.clip(found, LEAST, 1 - LEAST if found.ndim == 1 else 1))
    return log if found.ndim > 1 else log - np.log1p(-np.clip(found, LEAST, 1 - LEAST))


def _check_numbers(values: NDArray[Any], count: int, name: str) -> None:
    if values.ndim not in (1, 2) or len(values) != count or values.size == 0:
        raise InputError(
            f"Expected {name} to give one row of logits per row of {count}, shape (N, C), or (N,) "
            f"for two classes, but got shape {values.shape}"
            "; return what goes into the softmax, or the sigmoid"
        )
    if values.dtype.kind != "f":
        raise InputError(
            f"Expected logits or probabilities of {name}, but got {values.dtype}, as "
            f"{values.flat[0]!r}: classes rather; return what these are chosen by, such as "
            "predict_proba with gives='probabilities'"
        )


def _check_width(logits: NDArray[np.float64], classes: int, name: str) -> None:
    width = 2 if logits.ndim == 1 else logits.shape[1]
    if classes and width != classes:
        raise InputError(
            f"Expected logits of the {classes} classes of {name}, but got {width} columns; name "
            "the class of each column (classes=[...])"
        )


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
