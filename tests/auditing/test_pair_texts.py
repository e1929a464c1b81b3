"""Pairs of texts: either text by itself, what both share, and what an audit makes of these."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import earlysieve as es
from earlysieve.auditing.headline import headline
from earlysieve.auditing.leading import lead
from earlysieve.auditing.pair_checks import misleads_in_pairs, rather_one_text
from earlysieve.auditing.pair_texts import (
    FIRST,
    OF_PAIRS,
    SECOND,
    SHARED,
    Between,
    between_by,
    between_in,
    both_vary,
    rarity_of,
    shared_by_rarity,
    shared_features,
)
from earlysieve.auditing.rule import decide
from earlysieve.auditing.swaps.carrier import Carrier
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.swaps.pair_parts import _sharing, _with_words
from earlysieve.auditing.where_it_fails import Estimate

from .made_up import COLOUR, IDLE, facts
from .pairs_of_texts import TOKENIZER, Judge, pairs

BERT = Between(9, (8, 9, 0))
TEXTS = torch.tensor([[8, 1, 2, 9, 3, 9, 0], [8, 1, 9, 2, 3, 4, 9], [8, 9, 1, 9, 0, 0, 0]])
MASK = TEXTS > 0
OF_TEXT = replace(COLOUR, name=SECOND, reads=1.0, recovered_by=FIRST)


def test_which_tokens_are_of_which_text():
    first, second = BERT.parts(TEXTS, MASK)
    assert [TEXTS[i][first[i]].tolist() for i in range(3)] == [[1, 2], [1], []]
    assert [TEXTS[i][second[i]].tolist() for i in range(3)] == [[3], [2, 3, 4], [1]]
    roberta = torch.tensor([[5, 1, 2, 6, 6, 3, 6, 0]])
    first, second = Between(6, (5,)).parts(roberta, roberta > 0)
    assert (roberta[first].tolist(), roberta[second].tolist()) == ([1, 2], [3])
    left = torch.tensor([[0, 0, 8, 1, 9, 2, 9]])
    first, second = BERT.parts(left, left > 0)
    assert (left[first].tolist(), left[second].tolist()) == ([1], [2])
    assert BERT.starts([8, 1, 2, 9, 3, 9]) == 4
    assert BERT.starts([8, 1, 2, 9]) is None


def test_pairs_are_told_from_single_texts_and_from_more():
    assert BERT.holds_pairs(TEXTS, MASK)
    single = torch.tensor([[8, 1, 2, 9], [8, 3, 9, 0]])
    assert not BERT.holds_pairs(single, single > 0)
    three = torch.tensor([[8, 1, 9, 2, 9, 3, 9], [8, 1, 9, 2, 3, 9, 0]])
    assert not BERT.holds_pairs(three, three > 0)


def test_what_a_tokenizer_puts_between():
    both = SimpleNamespace(sep_token_id=9, eos_token_id=7, all_special_ids=[0, 8, 9, 5])
    assert between_by(both) == Between(9, (0, 8, 9, 5))
    both.unk_token_id = 5  # a word that is not known is one
    assert between_by(both) == Between(9, (0, 8, 9))
    both.sep_token_id = None
    assert between_by(both) == Between(7, (0, 8, 9))
    assert between_by(SimpleNamespace()) is None
    assert between_by(None) is None


def test_types_tell_pairs_where_no_tokenizer_does():
    types = torch.tensor([[0, 0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 0]])
    inputs = {"input_ids": TEXTS, "attention_mask": MASK, "token_type_ids": types}
    carrier = Carrier("text", "input_ids")
    assert between_in(inputs, carrier) == Between(9)
    assert between_in(inputs | {"token_type_ids": types * 0}, carrier) is None
    assert between_in(inputs, None) is None


def test_one_text_for_all_is_nothing_to_judge():
    rows = torch.arange(8.0)[:, None]
    assert both_vary(rows, rows)
    assert not both_vary(torch.ones(8, 1), rows)
    assert not both_vary(rows, torch.ones(8, 1))


def test_what_both_share_by_hand():
    tokens = torch.tensor([[8, 1, 2, 3, 9, 2, 3, 4, 1, 9], [8, 1, 2, 9, 3, 9, 0, 0, 0, 0]])
    first, second = BERT.parts(tokens, tokens > 0)
    found = shared_features(tokens, first, second)
    assert found.shape == (2, 505)
    assert_allclose(found[0, :5], [3 / 4, 1 / 3, 0, 1, 2], rtol=1e-6)
    assert_allclose(found[1, :5], [0, 0, 0, 0, 0])
    held, every = found[:, 5:255], found[:, 255:]
    assert held.nonzero().tolist() == [[0, 1], [0, 2], [0, 3]]
    assert every.sum(1).tolist() == [4, 1]
    alone = shared_features(tokens[1:, :6], first[1:, :6], second[1:, :6])
    assert torch.equal(alone, found[1:])
    values = found.numpy()
    rarity = rarity_of(values)
    assert_allclose(rarity[[1, 3]], [np.log(2), 0], atol=1e-7)
    rare = shared_by_rarity(values, rarity)
    assert_allclose(rare[0, 5:], [2 / 3, np.log2(1 + 2 * np.log(2))], rtol=1e-6)


def test_a_text_is_given_as_a_whole():
    own = torch.tensor([0, 1, 1, 0, 0, 0, 0], dtype=torch.bool)
    given = _with_words(TEXTS[0], MASK[0], own, torch.tensor([4, 5, 6]))
    assert given.tolist() == [8, 4, 5, 6, 9, 3, 9]
    given = _with_words(TEXTS[0], MASK[0], own, torch.tensor([4, 5, 6, 7]))  # no room for more
    assert given.tolist() == [8, 4, 5, 6, 9, 3, 9]


@pytest.mark.parametrize(("row", "donor", "share"), [(0, 1, 0.5), (1, 0, 0.0), (0, 0, 0.0)])
def test_as_many_words_are_shared_as_of_the_donor(row, donor, share):
    tokens = torch.tensor([[8, 1, 2, 9, 3, 4, 5, 6, 9], [8, 1, 2, 3, 9, 1, 2, 4, 5]])
    first, second = BERT.parts(tokens, tokens > 0)
    text = _sharing(tokens, first, second, row, donor)
    assert torch.equal(text[~second[row]], tokens[row][~second[row]])
    held = torch.isin(text[second[row]], tokens[row][first[row]])
    assert float(held.float().mean()) == share


def audited(model, data, **options):
    return es.audit(
        model, data, seen_in_training=False, pictures=0, progress=False, **options
    ).summary


@pytest.mark.parametrize(
    ("kind", "model", "name", "said"),
    [
        ("cue", {"cue": 3.0, "mood": 1.0}, SECOND, "the second text alone, above all '"),
        ("overlap", {"overlap": 3.0, "mood": 1.0}, SHARED, "words that both texts share"),
    ],
)
def test_an_audit_names_what_a_model_of_pairs_leans_on(kind, model, name, said):
    data, holds = pairs(kind)
    found = audited(Judge(**model), data)
    assert (found.verdict, found.leans_on) == ("shortcut", name)
    assert said in found.headline
    right = Judge(**model)(**_inputs(data)).argmax(1).numpy() == np.array(data.labels)
    true = right[holds].mean() - right[~holds].mean()
    assert found.reliance.low <= true <= found.reliance.high
    part = next(one for one in found.swaps if one.part == name)
    assert part.followed - part.control > 0.5
    assert any(word in found.headline for word in ("never", "surely", "share"))


def _inputs(data):
    rows = [data[i][0] for i in range(len(data))]
    return {key: torch.stack([row[key] for row in rows]) for key in rows[0]}


@pytest.mark.parametrize(
    ("kind", "model"),
    [("both", {"both": 1.0}), ("cue", {"mood": 1.0}), ("overlap", {"mood": 1.0})],
)
def test_models_that_do_not_lean_are_not_said_to(kind, model):
    data, _ = pairs(kind)
    found = audited(Judge(**model), data)
    assert found.leans_on not in OF_PAIRS
    assert found.verdict != "shortcut"


def test_wrong_labels_of_what_both_texts_decide_are_no_shortcut():
    data, _ = pairs("both", count=1600)
    rng = np.random.default_rng(2)
    labels = np.where(rng.random(1600) < 0.05, 1 - np.array(data.labels), data.labels)
    noisy = type(data)(data.texts, labels, ("bad", "good"), tokenizer=TOKENIZER, max_length=28)
    assert audited(Judge(both=1.0), noisy).verdict not in ("shortcut", "at risk")


def test_where_nothing_else_tells_the_label_the_cost_is_told_all_the_same():
    data, _ = pairs("both cue")
    found = audited(Judge(cue=1.0), data)
    assert (found.verdict, found.leans_on) == ("at risk", SECOND)
    assert found.reliance.high > 0.95
    assert f"loses {found.reliance.value:.0%}" in found.headline
    assert audited(Judge(cue=1.0), data, irrelevant=["second text alone"]).verdict == "shortcut"
    assert "A reader that sees the second text alone achieves" in found.explanation
    assert found.next_steps[0].startswith("Read both texts of some pairs of the pile 'misled'")
    assert not any("audit at least 20" in one for one in found.next_steps)
    asked = audited(Judge(cue=1.0), data, relevant=["the second text alone"])
    assert asked.leans_on != SECOND


def test_one_question_for_all_leaves_single_texts():
    data, _ = pairs("cue", same_first=True)
    found = audited(Judge(cue=1.0), data)
    assert not {one.name for one in found.leanings} & set(OF_PAIRS)
    assert not {one.part for one in found.swaps} & set(OF_PAIRS)
    asked = audited(Judge(cue=1.0), data, irrelevant=["second text alone"])
    assert "no pairs" in asked.not_swapped[SECOND]


@pytest.mark.parametrize(
    ("change", "spoken"),
    [
        ({}, True),
        ({"sure": 19}, False),
        ({"recovered": 0.29}, False),  # the other text tells the answer there
        ({"recovered": float("nan")}, True),
        ({"name": SHARED, "accuracy": 0.5}, True),
        ({"name": SHARED, "accuracy": 0.51}, False),
        ({"name": f"{SHARED} of one class", "accuracy": 0.51}, False),
        ({"accuracy": 0.51}, True),
    ],
)
def test_when_a_text_is_spoken_of(change, spoken):
    found = replace(OF_TEXT, **change)
    assert misleads_in_pairs(found) == spoken
    assert (decide(facts(IDLE, found)).leaning is not None) == spoken


def test_a_text_that_tells_as_well_is_a_risk_only_where_errors_gather():
    told = {"accuracy_sure": 0.2, "recovered": 0.5, "accuracy": 0.3, "reads": 1.18}
    weak = replace(OF_TEXT, times_worse=7.0, followed=0.8, mended=0.1, own_tells=0.5, **told)
    assert decide(facts(IDLE, weak)).verdict == "none found"
    assert decide(facts(IDLE, replace(weak, name=SHARED))).reason == "told as well"
    assert decide(facts(IDLE, replace(weak, times_worse=12.0))).verdict == "at risk"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"recovered": 0.48, "own_tells": 0.53}, "at risk"),  # as of wrong labels
        ({"recovered": 0.48, "own_tells": 0.66}, "shortcut"),
        ({"recovered": 0.7, "own_tells": 0.53}, "shortcut"),
        ({"recovered": 0.48, "own_tells": 0.53, "name": SHARED}, "shortcut"),
    ],
)
def test_one_text_is_a_shortcut_where_doubt_or_the_other_text_says_so(change, verdict):
    found = replace(OF_TEXT, times_worse=60.0, followed=0.8, mended=0.9, accuracy=0.14, **change)
    decision = decide(facts(IDLE, replace(found, accuracy_sure=0.07)))
    assert (decision.verdict, decision.leaning.name) == (verdict, found.name)


def test_a_text_is_named_in_place_of_its_words():
    token = replace(OF_TEXT, name="token", recovered=0.95)
    assert rather_one_text(token, [token, OF_TEXT]) is OF_TEXT
    assert lead([token, OF_TEXT])[0] is OF_TEXT
    for less in ({"reads": 0.97}, {"explained": 26}, {"accuracy": 0.21}):
        other = replace(OF_TEXT, **less)
        assert rather_one_text(token, [token, other]) is token
    assert rather_one_text(COLOUR, [COLOUR, OF_TEXT]) is COLOUR


def test_the_cost_of_a_risk_in_pairs_is_said():
    task = {"own_tells": 0.5, "recovered": 0.5, "accuracy": 0.0, "accuracy_sure": 0.0}
    decision = decide(facts(IDLE, replace(OF_TEXT, times_worse=60.0, **task)))
    assert (decision.verdict, decision.reason) == ("at risk", "task")
    assert decision.costed is decision.leaning
    text = headline(decision, [], None, Estimate(0.9, 0.8, 1.0), Swaps())
    assert "the second text alone, and where it does not the model loses 90% [80%, 100%]" in text
    colour = decide(facts(IDLE, replace(COLOUR, times_worse=60.0, reads=1.0, **task)))
    assert (colour.reason, colour.costed) == ("task", None)


@pytest.mark.parametrize(
    ("kind", "model", "told"),
    [
        ("cue", {"cue": 3.0, "mood": 1.0}, "words of the second text that tell a class"),
        ("overlap", {"overlap": 3.0, "mood": 1.0}, "the words that both texts share"),
    ],
)
def test_the_page_shows_a_pair_in_two_lines_and_marks_what_it_is_about(kind, model, told, tmp_path):
    pytest.importorskip("jinja2")
    data, _ = pairs(kind)
    found = es.audit(Judge(**model), data, seen_in_training=False, pictures=4, progress=False)
    for one in found.pictures:
        shown = " ".join(piece.text for piece in one.pieces)
        assert [line.split() for line in shown.split("\n")] == [
            line.split() for line in data.display(one.index).split("\n")
        ]
        first, _, second = data.display(one.index).partition("\n")
        marked = {word for piece in one.pieces if piece.marked for word in piece.text.split()}
        assert marked <= set(second.split())
        if kind == "overlap":
            assert marked == set(first.split()) & set(second.split())
    assert any(piece.marked for one in found.pictures for piece in one.pieces)
    found.save(tmp_path / "a", page=True)
    page = (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    assert f"Marked is what the verdict is about: {told}." in page
    for swap in found.swap_texts:
        assert sum(piece.text.startswith("\n") for piece in swap.before) == 1
