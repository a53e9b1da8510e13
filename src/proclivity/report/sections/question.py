"""What was asked, and the answer of this run in one paragraph."""

from __future__ import annotations

from proclivity.report import words
from proclivity.report.answer import answer
from proclivity.report.load import Results
from proclivity.report.section import Section


def section(results: Results) -> Section:
    """Title, question, answer, and the words that the page uses."""
    study = results.study
    facts = [
        words.plural(len(study.models), "model"),
        words.plural(len(study.arms), "arm"),
        words.plural(study.seeds, "training seed"),
        f"{study.decisions.n:,} decisions ({study.decisions.format} format)",
        str(results.manifest.get("started") or "")[:10],
    ]
    return Section(
        id="question",
        title="The question",
        short="Question",
        template="question.html",
        context={
            "question": study.question,
            "answer": answer(results),
            "facts": [fact for fact in facts if fact],
            "profiles": results.profiles,
            "arms": [
                (arm, words.arm_meaning(arm, external={row.arm: row.kind for row in study.external}))
                for arm in study.arms
                if arm not in {profile.id for profile in results.profiles}
            ],
        },
    )
