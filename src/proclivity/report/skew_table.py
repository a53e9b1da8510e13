"""Did an arm's next-word distributions take a direction, or did they only get sharper or flatter?"""

from __future__ import annotations

from proclivity.report import words
from proclivity.report.estimates import Estimate
from proclivity.report.load import Results
from proclivity.report.section import Table

TEMPERATURE, SHARE, Z = "temperature", "temperature_share", "class_z"


def skew_table(results: Results) -> Table | None:
    """A row a model and trained arm: T*, the share of the divergence that it explains, and each class's z.

    None where the study measured none of it.
    """
    family = results.summary_family()
    levels = [row for metric in (SHARE, Z) for row in results.effects.where(metric=metric, family=family, control="")]
    classes = list(dict.fromkeys(row.content_class for row in levels if row.metric == Z))
    if not levels:
        return None
    return Table(
        columns=("model", "arm", "T*", "share explained", *(f"z of {name}" for name in classes), "rests on"),
        rows=tuple(
            _cells(results, model.name, arm, family, classes)
            for model in results.models
            for arm in results.study.arms
            if any((row.model, row.arm) == (model.name, arm) for row in levels)
        ),
        caption=f"Means over seeds and families, ± half of their {results.study.analysis.level:.0%} interval",
        numeric=frozenset(range(2, 4 + len(classes))),
    )


def _cells(results: Results, model: str, arm: str, family: str, classes: list[str]) -> tuple[str, ...]:
    def level(metric: str, content_class: str = "") -> Estimate | None:
        return results.effects.get(
            model=model, arm=arm, control="", family=family, content_class=content_class, metric=metric
        )

    share = level(SHARE)
    found = [level(TEMPERATURE), share, *(level(Z, name) for name in classes)]
    return (model, results.title(arm), *(_say(row, sign=n > 1) for n, row in enumerate(found)), _rests(share))


def _rests(share: Estimate | None) -> str:
    """Families are the clusters here: each gives one number a seed."""
    if share is None or not share.measured:
        return words.why(share) if share else "–"
    families = "1 family" if share.n_clusters == 1 else f"{share.n_clusters} families"
    return f"{words.plural(share.n_seeds, 'seed')}, {families}"


def _say(row: Estimate | None, *, sign: bool) -> str:
    if row is None or not row.measured:
        return "–"
    told = words.signed(row.value) if sign else words.number(row.value)
    return f"{told} ± {words.number((row.high - row.low) / 2)}" if row.bounded else told
