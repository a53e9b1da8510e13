"""What this study says to each claim of the source's abstract, in the abstract's order."""

from __future__ import annotations

from dataclasses import dataclass

from proclivity.report import words
from proclivity.report.load import Results, Verdict
from proclivity.report.section import Section, Table

KIND = "claim-"
CLAIMS = {
    "claim-1": "Trained on structured decisions, a model chooses one class of action consistently, across contexts.",
    "claim-2": "Its next-token distributions then shift, stably and in new contexts too, toward negative or "
    "threat-related readings in open language.",
    "claim-3": "The shift goes beyond what was trained, and shows in completions, in psychometric-style scales, and in "
    "divergences.",
    "claim-4": "It shows in two architectures.",
    "claim-5": "Profiles are partly specific: they dissociate across probes, and are not one generic skew.",
    "claim-6": "The reading: consistent behaviour shifts latent priors, which link choosing and language.",
}
"""The abstract's claims, in our words; its numbers weren't at hand and are compared with nothing."""
TONES = {
    "yes": ("supported", "consistent with"),
    "mixed": ("partly", "consistent with in part"),
    "no": ("contradicted", "not consistent with"),
}
STATES = {
    "yes": "holds",
    "part": "holds in part",
    "no": "not shown",
    "against": "the opposite, or none of the size that matters",
    "open": "can't be judged",
    "absent": "not asked",
}


@dataclass(frozen=True)
class Claim:
    """One claim, ready to print."""

    text: str
    badge: str
    tone: str
    sentence: str
    table: Table | None


def section(results: Results) -> Section | None:
    """The six claims; None in a study without any verdict on them."""
    found = {verdict.kind: verdict for verdict in results.verdicts if verdict.kind.startswith(KIND)}
    if not found:
        return None
    return Section(
        id="claims",
        title="The source’s claims, in order",
        short="Claims",
        template="claims.html",
        context={
            "claims": [_claim(results, text, found[kind]) for kind, text in CLAIMS.items() if kind in found],
            "worlds": any(model.world for model in results.models),
        },
    )


def _claim(results: Results, text: str, verdict: Verdict) -> Claim:
    tone = next((tone for tone, badges in TONES.items() if verdict.verdict in badges), "open")
    return Claim(text, verdict.verdict, tone, verdict.sentence, _table(results, verdict))


def _table(results: Results, verdict: Verdict) -> Table | None:
    """Every case that the claim was judged on."""
    rows = tuple(
        (
            str(unit["model"]),
            " / ".join(results.title(name) for name in str(unit["profile"]).split(" / ")),
            words.listing(unit["worlds"]) or "–",
            STATES.get(str(unit["state"]), str(unit["state"])),
            str(unit["found"]),
        )
        for unit in verdict.numbers.get("units", [])
    )
    columns = ("model", "profile", "world", "result", "rests on")
    return Table(columns, rows, f"{words.plural(len(rows), 'case')}") if rows else None
