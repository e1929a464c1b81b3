"""Dates as days and weekdays, and back: whatever is swapped, a model gets dates."""

import numpy as np
import pandas as pd
import pytest
import torch

import earlysieve as es
from earlysieve.datasets.frame_dates import WEEKDAYS, dates_of
from earlysieve.datasets.predicted import for_predictor
from earlysieve.model.predictor import as_network

MONDAY = pd.Timestamp("2024-01-01")
DAYS = 60


def frame(*, texts=False, gaps=False):
    dates = MONDAY + pd.to_timedelta(np.arange(DAYS), unit="D")
    column = pd.Series(dates.strftime("%Y-%m-%d") if texts else dates)
    column = column.where(np.arange(DAYS) % 7 != 2) if gaps else column
    return pd.DataFrame({"x": np.arange(DAYS) / 7.0, "visit": column})


def test_dates_are_told_by_days_since_the_first_and_by_weekdays():
    given = frame()
    told = dates_of(given).told(given)
    assert list(told.columns) == ["x", "visit", "visit weekday"]
    assert told["visit"].tolist() == list(range(DAYS))
    assert told["visit weekday"].tolist() == [WEEKDAYS[one % 7] for one in range(DAYS)]


def test_a_missing_date_has_no_day_and_no_weekday():
    given = frame(gaps=True)
    told = dates_of(given).told(given)
    assert told["visit"].isna().tolist() == [one % 7 == 2 for one in range(DAYS)]
    assert set(told["visit weekday"]) == {*WEEKDAYS, "none"} - {"Wednesday"}


@pytest.mark.parametrize(
    "column",
    [
        ["2024-01-01"] * DAYS,  # a category
        [f"case {one}" for one in range(DAYS)],
        [f"2024-01-{one:02d}" for one in range(DAYS)],  # there is no day 0
        [*(f"{one:04d}-01-01" for one in range(1970, 1970 + DAYS - 1)), "unknown"],
    ],
)
def test_other_texts_are_no_dates(column):
    assert not dates_of(pd.DataFrame({"visit": column})).first


def test_a_column_of_that_name_stays():
    given = frame().assign(**{"visit weekday": 1.0})
    assert dates_of(given).beside == {"visit": "visit weekday'"}


class Keeps:
    """A classifier that keeps the frame that it is asked about."""

    def fit(self, *_):
        return self

    def predict_proba(self, rows):
        self.rows = rows
        return np.full((len(rows), 2), 0.5)

    classes_ = np.array([0, 1])


@pytest.mark.parametrize("texts", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_a_model_gets_the_dates_of_the_frame(texts, gaps):
    given, keeps = frame(texts=texts, gaps=gaps), Keeps()
    labels = np.arange(DAYS) % 2
    model, (rows, *_), *_ = for_predictor(as_network(keeps), (given, labels))
    model(_tensor(rows))
    pd.testing.assert_frame_equal(keeps.rows, given, check_dtype=not texts)
    assert model.dates == {"visit weekday": "visit"}


@pytest.mark.parametrize("texts", [False, True])
def test_another_weekday_moves_a_date_by_three_days_at_most(texts):
    given, keeps = frame(texts=texts), Keeps()
    model, (rows, *_), *_ = for_predictor(as_network(keeps), (given, np.arange(DAYS) % 2))
    names = [f"visit weekday_{one}" for one in WEEKDAYS]
    sunday = rows.copy()
    sunday[names] = 0.0
    sunday["visit weekday_Sunday"] = 1.0
    model(_tensor(sunday))
    found = pd.to_datetime(keeps.rows["visit"])
    assert (found.dt.day_of_week == 6).all()
    assert (found - pd.to_datetime(given["visit"])).abs().max() == pd.Timedelta(days=3)
    assert isinstance(keeps.rows["visit"].iloc[0], str) == texts


def test_an_audit_names_the_weekday_of_a_date_and_the_column_to_leave_out():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    def encoded(rows):
        late = pd.to_datetime(rows["visit"]).dt.day_of_week > 3
        return np.stack([rows["x"], rows["y"], late], 1)

    def drawn(count, seed):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 2, count)
        late = np.where(rng.random(count) < 0.93, labels, 1 - labels)
        days = 7 * rng.integers(0, 80, count) + np.where(
            late, rng.integers(4, 7, count), rng.integers(0, 4, count)
        )
        values = rng.normal(size=(2, count)) + 0.9 * labels
        visit = MONDAY + pd.to_timedelta(days, unit="D")
        return pd.DataFrame({"x": values[0], "y": values[1], "visit": visit}), labels

    model = make_pipeline(FunctionTransformer(encoded), LogisticRegression()).fit(*drawn(1500, 0))
    found = es.audit(model, drawn(1200, 1), seen_in_training=False, progress=False).summary
    assert (found.verdict, found.leans_on) == ("shortcut", "column visit weekday")
    assert "It is the weekday of column 'visit'" in found.next_steps[0]
    assert 'drop(columns=["visit"])' in found.next_steps[0]


def _tensor(rows):
    return torch.from_numpy(rows.to_numpy(np.float32))
