"""An audit and a fix as notebooks show them: the verdict, a few figures, a few pictures."""

import math

from earlysieve._html import box, figures, line, table
from earlysieve.report.audit_view import ReportData
from earlysieve.report.cards import excerpt
from earlysieve.report.context import BADGES
from earlysieve.report.fix_steps import next_steps
from earlysieve.report.fix_view import FixData
from earlysieve.report.piles import pile_counts
from earlysieve.report.readable import short_name
from earlysieve.report.view_of_examples import PictureLike
from earlysieve.report.view_of_summary import EstimateLike
from earlysieve.report.words import NOTHING, count, cut, data_uri, name_of, percent, visible

# A notebook is saved with everything that it shows.
PICTURES, TEXTS, LARGEST = 6, 3, 30_000
_ROWS = 8


def audit_html(data: ReportData) -> str:
    """Verdict, key figures, some pictures and the first step, self-contained, some kilobytes."""
    summary = data.summary
    _, badge = BADGES[summary.verdict]
    steps = [kept.partition("\n")[0] for kept in summary.next_steps[:1]]
    return box(
        line(visible(f"{badge}: {summary.headline}"), bold=True),
        table(("", "", ""), _audit_rows(data)),
        _pictures(data),
        *(line(visible(f"Next: {text}"), soft=True) for text in steps),
        line("result.save('audit-out', page=True) writes the whole report.", soft=True),
    )


def _audit_rows(data: ReportData) -> list[tuple[str, str, str]]:
    summary = data.summary
    rows = [("right on all examples", percent(summary.accuracy), f"of {count(len(data.examples))}")]
    about = short_name(summary)
    if about:
        fails = summary.accuracy_where_it_fails
        rows.append((visible(f"right where misled by {cut(about)}"), *_estimate(fails)))
    if summary.worst_group is not None:
        worst = visible(cut(summary.worst_group))
        rows.append(("right in the worst group", percent(summary.worst_group_accuracy), worst))
    flagged = data.examples["flagged"].astype(bool)
    rows.append(("flagged", count(flagged.sum()), percent(flagged.mean())))
    rows += [
        (f"pile: {pile.kind.role}", count(pile.count), percent(pile.share))
        for pile in pile_counts(data)
    ]
    return rows


def _estimate(found: EstimateLike | None) -> tuple[str, str]:
    if found is None or math.isnan(found.value):
        return NOTHING, ""
    return percent(found.value), f"{percent(found.low)} to {percent(found.high)}"


def _pictures(data: ReportData) -> str:
    """The first suspects and the first typical examples, half of each; texts as excerpts."""
    suspects = [one for one in data.pictures if one.role != "correct"]
    typical = [one for one in data.pictures if one.role == "correct"]
    half = PICTURES // 2
    small = [*filter(_small, suspects)][:half] + [*filter(_small, typical)][:half]
    drawn = figures([(data_uri(one.image), _below(one, data)) for one in small if one.image])
    texts = [one for one in suspects if one.text is not None][:TEXTS]
    said = [line(visible(f"“{excerpt(one.text or '')}” {_below(one, data)}")) for one in texts]
    return drawn + "".join(said)


def _small(picture: PictureLike) -> bool:
    return picture.image is not None and len(picture.image) <= LARGEST


def _below(picture: PictureLike, data: ReportData) -> str:
    row = data.examples.loc[data.examples["index"] == picture.index].iloc[0]
    label, prediction = (
        name_of(data.class_names, int(row[key]), "class") for key in ("label", "prediction")
    )
    says = "model agrees" if label == prediction else f"model says {cut(prediction)}"
    role = "for comparison" if picture.role == "correct" else picture.role
    return str(visible(f"{cut(label)}; {says} ({role})"))


def fix_html(data: FixData) -> str:
    """What was chosen, before and after, self-contained."""
    main = data.figures[data.figures["kind"].isin(["all", "pile", "misled"])]
    rows = [
        (visible(str(r["part"])), count(r["n"]), percent(r["before"]), percent(r["after"]))
        for r in main.head(_ROWS).to_dict("records")
    ]
    verdicts = [BADGES[audit.summary.verdict][1] for audit in (data.before, data.after)]
    tried = len(data.candidates) - 1
    step = next_steps(data)[0]
    why = "" if data.changed else line(visible(data.explanation))
    return box(
        line(visible(data.headline), bold=True),
        why,
        table(("part", "examples", "right before", "after"), rows),
        line(
            f"Audit before: {verdicts[0]}; after: {verdicts[1]}. Tried: {tried}, compared by "
            f"{data.select}."
        ),
        line(visible(f"Next: {step.text} {step.command}".rstrip()), soft=True),
        line("outcome.save('fix-out') writes the model and the whole report.", soft=True),
    )
