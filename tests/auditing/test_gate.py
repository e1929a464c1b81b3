import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import earlysieve as es
from earlysieve.auditing.gate import VERDICTS, _too_low, verdicts_of
from earlysieve.errors import InputError
from earlysieve.groups.group_report import group_report

from .test_result import made

# Group 0: 3 of 4 right, group 1: 2 of 4.
GROUPS = group_report(
    np.array([1, 1, 1, 0, 1, 1, 0, 0], bool), np.array([0, 0, 0, 0, 1, 1, 1, 1]), ["sea", "wood"]
)


def audit(verdict="none found", groups=GROUPS) -> es.AuditResult:
    result = made()
    return replace(result, summary=replace(result.summary, verdict=verdict), groups=groups)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_fails_where_it_is_named(verdict):
    others = [name for name in VERDICTS if name != verdict]
    assert not audit(verdict).passed(fail_on=verdict)
    assert audit(verdict).passed(fail_on=others)
    assert audit(verdict).passed(fail_on=())
    assert audit(verdict).failures(fail_on=[verdict]) == [f"The verdict is '{verdict}': h"]


def test_alone_it_fails_on_a_shortcut():
    assert [audit(verdict).passed() for verdict in VERDICTS] == [False, True, True, True]


def test_names_are_read_as_people_write_them():
    assert verdicts_of("shortcut, At-Risk,none_found,") == ("shortcut", "at risk", "none found")
    assert verdicts_of(["AT RISK", "at-risk"]) == ("at risk",)
    assert verdicts_of("") == ()


def test_an_unknown_name_gets_near_names():
    with pytest.raises(InputError, match="'atrisk'; near names are: at-risk"):
        audit().passed(fail_on="shortcut,atrisk")
    with pytest.raises(InputError, match="'q'; near names are: shortcut, at-risk, none-found"):
        audit().passed(fail_on="q")


def test_the_worst_group_is_held_to_a_share():
    assert audit().passed(min_worst_group=0.5)
    (failure,) = audit().failures(min_worst_group=0.501)
    assert failure == (
        "The worst group, 'wood', is answered right in 50% of 4 examples (95% interval 15% to "
        "85%), less than 50.1%."
    )


def test_shares_of_the_worst_group_are_whole_percents_unless_that_hides_the_reason():
    few = replace(GROUPS, table=GROUPS.table.assign(low=0.0012, high=0.16817))
    said = _too_low(replace(few, worst_accuracy=0.0454), 0.5)
    assert "right in 5% of 4 examples (95% interval 0% to 17%), less than 50%" in said
    assert "right in 79.6% of" in _too_low(replace(few, worst_accuracy=0.796), 0.8)


def test_both_reasons_are_told():
    both = audit("shortcut").failures(min_worst_group=1)
    assert [text.split()[1] for text in both] == ["verdict", "worst"]


def test_groups_that_are_not_known_do_not_pass():
    (failure,) = audit(groups=None).failures(min_worst_group=0)
    assert failure.endswith(
        "since no group of these data is known: name a column (--group-column), or let a data set "
        "of yours return (x, y, group)."
    )
    unsure = replace(GROUPS, worst_accuracy=math.nan)
    assert not audit(groups=unsure).passed(min_worst_group=0.0)


@pytest.mark.parametrize("share", [-0.1, 1.1, 80, math.nan, True, "0.8"])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(InputError, match="a share from 0 to 1"):
        audit().passed(min_worst_group=share)


def test_the_snippet_of_the_documentation_runs(tmp_path, monkeypatch):
    page = Path(__file__).parents[2] / "docs" / "ci.md"
    if not page.exists():
        pytest.skip("the documentation is not part of this copy")
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    audit().save("audit-out")
    exec(code, {})
    audit("at risk").save("audit-out")
    with pytest.raises(AssertionError, match="The verdict is 'at risk'"):
        exec(code, {})
