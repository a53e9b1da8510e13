"""Which two studies are these, and which of their models stand beside each other?"""

from __future__ import annotations

from proclivity.report import words
from proclivity.report.comparison.made import alone
from proclivity.report.comparison.pair import Pair
from proclivity.report.load import Results
from proclivity.report.section import Section


def section(pair: Pair) -> Section:
    """Both studies in a line each, the pairing, and what one of them alone measured."""
    return Section(
        id="studies",
        title="Two studies",
        short="Studies",
        template="compare_studies.html",
        context={
            "studies": [
                (name, results.study.title, results.study.question, " · ".join(_facts(results)))
                for name, results in zip(pair.names, pair.both, strict=True)
            ],
            "same": [first for first, second in pair.models if first == second],
            "unlike": [models for models in pair.models if models[0] != models[1]],
            "alone": alone(pair),
        },
    )


def _facts(results: Results) -> list[str]:
    study = results.study
    facts = [
        ", ".join(model.name for model in study.models),
        words.plural(len(study.arms), "arm"),
        words.plural(study.seeds, "training seed"),
        f"{study.decisions.n:,} decisions ({study.decisions.format} format)",
        str(results.manifest.get("started") or "")[:10],
    ]
    return [fact for fact in facts if fact]
