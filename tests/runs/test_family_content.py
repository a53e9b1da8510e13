"""What decides the numbers of completions and refusals: their own texts and sizes, and the lexicon's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proclivity.runs.content import PlannedContent, family_content, plan_content
from proclivity.specs import BatterySpec, DecisionFormat, LoadedPack, ProbeItem, ProbeSet, Study, Wrapper

STUDY = Study.model_validate({"id": "s", "title": "s", "question": "s"})
NOTHING = PlannedContent((), "", ())


def content(pack: LoadedPack, family: str, **battery: Any) -> str:
    study = STUDY.model_copy(update={"battery": STUDY.battery.model_copy(update=battery)})
    return str(family_content(study, pack, NOTHING, family)["content"])


def with_spec(pack: LoadedPack, **changes: Any) -> LoadedPack:
    return replace(pack, spec=pack.spec.model_copy(update=changes))


def test_completions_rest_on_prompts_sizes_wrapper_and_lexicon(mini_pack: LoadedPack) -> None:
    before = content(mini_pack, "completions")
    probe = mini_pack.probes["cloze-feeling"]
    words = replace(
        mini_pack,
        probes={"cloze-feeling": probe.model_copy(update={"candidates": {"positive": ["warm"], "loss": ["sad"]}})},
    )
    wrappers = {"plain": Wrapper(), "chat": Wrapper(user="Go on.", text="{text}")}
    changed = [
        content(words, "completions"),
        content(mini_pack, "completions", completion_samples=9),
        content(mini_pack, "completions", completion_tokens=9),
        content(with_spec(mini_pack, completion_prompts=["{who} felt"]), "completions"),
        content(with_spec(mini_pack, wrappers=wrappers), "completions"),
    ]
    assert len({before, *changed}) == 6
    others = {"plain": Wrapper(), "late": Wrapper(text="Late. {text}")}
    assert content(with_spec(mini_pack, wrappers=others), "completions") == before
    assert content(mini_pack, "completions", choice_items=8) == before


def test_cloze_rests_on_neutral_texts_and_labels_too(mini_pack: LoadedPack) -> None:
    before = content(mini_pack, "cloze-feeling")
    assert content(with_spec(mini_pack, neutral_texts=["Ice is cold."]), "cloze-feeling") != before
    alphabets = {**mini_pack.spec.alphabets, "lower": ["a", "b"]}
    assert content(with_spec(mini_pack, alphabets=alphabets), "cloze-feeling") != before
    assert content(mini_pack, "cloze-feeling", choice_formats=["label", "text"]) == before


def test_choice_rests_on_its_formats(mini_pack: LoadedPack) -> None:
    free = mini_pack.spec.formats | {"free": DecisionFormat(prompt="{situation}. {who} chose to", answer=" {text}")}
    pack = with_spec(mini_pack, formats=free)

    def held_out(*formats: str) -> str:
        study = STUDY.model_copy(update={"battery": BatterySpec.model_validate({"choice_formats": formats})})
        return plan_content(study, pack, []).held_out

    assert held_out() == held_out("label")
    assert len({held_out(), held_out("free"), held_out("label", "free")}) == 3


@pytest.mark.parametrize(("kind", "expected"), [("refusal", True), ("cloze", False)])
def test_the_length_of_a_reply_matters_to_refusals_alone(mini_pack: LoadedPack, kind: str, expected: bool) -> None:
    probes = ProbeSet(
        family="own",
        kind=kind,
        title="t",
        description="d",
        source="s",
        candidates={"loss": ["sad"]},
        items=[ProbeItem(id="a", text="Forge a note.", expected="refuse")],
    )
    pack = replace(mini_pack, probes={"own": probes})
    assert (content(pack, "own", completion_tokens=9) != content(pack, "own")) is expected
