"""What the analysis decided for each model, in plain words, with what each decision rests on."""

from __future__ import annotations

from dataclasses import dataclass

from proclivity.report import words
from proclivity.report.load import Results, Verdict
from proclivity.report.section import Section, Table

KINDS = {
    "induction": "Was the choice learnt?",
    "spread": "Did the profile’s own words rise?",
    "generality": "Would a new context show the same?",
    "stability": "Is the rise there in every seed, frame, distance and late checkpoint?",
    "specificity": "Do the profiles move different words?",
    "control": "Does the training format alone leave words in place?",
    "drift": "What moves without any profile?",
    "sharpening": "Did predictions get sharper?",
    "prompting": "Does teaching move more words than telling?",
    "formats": "Which way does the link between choosing and words run?",
    "reversal": "Does later training take the rise back?",
    "dose": "Does more teaching move more words?",
    "priors": "Is the shift reproducible as a re-weighting of the base’s dispositions?",
    "trajectory": "Do words move before, with or after choices?",
}

HEADLINES = {kind: KINDS[kind] for kind in ("induction", "spread", "generality", "specificity", "control", "drift")}
"""What the table at the top shows; the rest stands in the cards."""

MEANINGS = {
    "full": "Each profile moves its own words, and not the other’s by as much as the smallest effect of interest.",
    "partial": "Each profile moves its own words more than the other does; some other words rise too.",
    "dissociated, spillover undetermined": "Each profile moves its own words more than the other does; whether it "
    "also moves the other’s is undecided.",
    "swapped": "Each profile moves the other’s words instead of its own.",
    "generic": "Words move, but in the same way whichever profile was taught.",
    "none": "The profiles’ own words stayed where they were, within the smallest effect of interest.",
    "inconclusive": "Neither a specific shift nor its absence is shown.",
}
"""What the verdicts on specificity mean; the other kinds say it in their sentences."""

TONES = {
    "yes": (
        "learned",
        "spread",
        "context-general",
        "stable",
        "stable as far as measured",
        "full",
        "partial",
        "dissociated, spillover undetermined",
        "equivalent",
        "nothing clear",
        "reversed",
        "link runs both ways",
        "link runs from choosing to words",
        "link runs from choosing to words, the way back open",
        "rises with dose",
        "together",
        "words after choice",
        "words before choice",
        "reproducible as a re-weighting",
    ),
    "mixed": (
        "swapped",
        "generic",
        "moves",
        "other content",
        "opposite",
        "contrary in some contexts",
        "not stable in everything",
        "partly reversed",
        "overshoots",
        "link runs from words to choosing",
        "link runs from words to choosing, the way there open",
        "vanishes under a control",
        "sharper",
        "flatter",
        "falls with dose",
        "not reproducible",
    ),
    "no": ("not learned",),
}
"""Colours of badges; whatever is in none of them, nulls too, is grey: neither good nor bad."""


@dataclass(frozen=True)
class Line:
    """One verdict, ready to print."""

    question: str
    profile: str
    badge: str
    tone: str
    sentence: str
    meaning: str
    rests_on: str
    evidence: Table | None


def section(results: Results) -> Section:
    """One card a model."""
    cards = []
    for model in results.models:
        own = [verdict for verdict in results.verdicts if verdict.model == model.name]
        order = list(KINDS)
        own.sort(key=lambda verdict: order.index(verdict.kind) if verdict.kind in order else len(order))
        cards.append((model, [_line(results, verdict) for verdict in own]))
    return Section(
        id="verdicts",
        title="Verdicts in plain words",
        short="Verdicts",
        template="verdicts.html",
        context={
            "overview": _overview(results),
            "headlines": HEADLINES,
            "cards": cards,
            "worlds": words.WORLDS,
            "delta": results.study.analysis.delta,
        },
    )


def _overview(results: Results) -> list[tuple[str, list[list[tuple[str, str, str]]]]]:
    """Every verdict as a badge, a row a model and a column a question: (profile, verdict, tone)."""

    def badge(verdict: Verdict) -> tuple[str, str, str]:
        # With two profiles there is one pair, which needs no name.
        named = verdict.kind != "specificity" or len(results.profiles) > 2
        return (_profile(results, verdict) if named else "", verdict.verdict, tone_of(verdict.verdict))

    def column(model: str, kind: str) -> list[tuple[str, str, str]]:
        return [badge(found) for found in results.verdicts if (found.model, found.kind) == (model, kind)]

    return [(model.name, [column(model.name, kind) for kind in HEADLINES]) for model in results.models]


def tone_of(verdict: str) -> str:
    """Colour of a badge; the badge's words say the same."""
    return next((tone for tone, found in TONES.items() if verdict in found), "open")


def _profile(results: Results, verdict: Verdict) -> str:
    """Whom a verdict is about: one profile, or a pair as 'a / b'."""
    return " / ".join(results.title(name) for name in verdict.profile.split(" / ")) if verdict.profile else ""


def _line(results: Results, verdict: Verdict) -> Line:
    evidence = results.evidence(verdict)
    seeds = {row.n_seeds for row in evidence if row.arm != "base"}  # base has one checkpoint
    clusters = {row.n_clusters for row in evidence if row.n_clusters}
    rests = []
    if seeds:
        rests.append(words.plural(min(seeds), "seed"))
    if clusters:
        low, high = min(clusters), max(clusters)
        rests.append(words.plural(low, "cluster") if low == high else f"{low} to {high} clusters")
    if evidence:
        rests.append(words.plural(len(evidence), "effect"))
    return Line(
        question=KINDS.get(verdict.kind, verdict.kind),
        profile=_profile(results, verdict),
        badge=verdict.verdict,
        tone=tone_of(verdict.verdict),
        sentence=verdict.sentence,
        meaning=MEANINGS.get(verdict.verdict, "") if verdict.kind == "specificity" else "",
        rests_on=", ".join(rests),
        evidence=_evidence(results, verdict) if evidence else None,
    )


def _evidence(results: Results, verdict: Verdict) -> Table:
    rows = tuple(
        (
            f"{results.title(row.arm)} {words.against(row.control)}",
            words.family(row.family),
            row.content_class or row.metric,
            f"{words.signed(row.value)} {row.unit}",
            words.interval(row),
            words.p_value(row.p_adjusted),
            words.counts(row),
        )
        for row in results.evidence(verdict)
    )
    return Table(
        columns=(
            "comparison",
            "where",
            "words or metric",
            "estimate",
            "interval",
            "p (adjusted)",
            "rests on",
        ),
        rows=rows,
        numeric=frozenset({3, 4, 5}),
    )
