"""A changed instrument is measured again; a changed title isn't."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from proclivity.runs.content import PlannedContent, family_content
from proclivity.specs import load_pack
from proclivity.specs.study import Study

STUDY = Study(id="s", title="s", question="s")
FAMILY = "instrument-tea"
TEA = {
    "id": "tea",
    "title": "t",
    "description": "d",
    "source": "s",
    "licence": "CC BY 4.0",
    "instruction": "i",
    "minimum": 0,
    "maximum": 1,
    "anchors": ["no", "yes"],
    "items": [{"id": "one", "text": "Tea"}],
}


@pytest.fixture
def pack(mini_folder):
    (mini_folder / "instruments").mkdir()
    (mini_folder / "instruments/tea.yml").write_text(yaml.safe_dump(TEA))
    return load_pack(mini_folder)


def identity(pack):
    return family_content(STUDY, pack, PlannedContent((), "", (FAMILY,)), FAMILY)


def changed(pack, **values):
    return replace(pack, instruments={"tea": pack.instruments["tea"].model_copy(update=values)})


def test_what_decides_an_instruments_numbers(pack):
    before = identity(pack)
    assert identity(changed(pack, instruction="j")) != before
    assert identity(changed(pack, anchors=["never", "yes"])) != before
    assert identity(changed(pack, title="another")) == before
    frames = dict(list(pack.spec.question_frames.items())[::-1])
    turned = replace(pack, spec=pack.spec.model_copy(update={"question_frames": frames}))
    assert identity(turned) != before  # another frame stands first
    shorter = replace(pack, spec=pack.spec.model_copy(update={"alphabets": {"upper": ["A", "B"]}}))
    assert identity(shorter) != before
    other = {name: frame.model_copy(update={"separator": " / "}) for name, frame in frames.items()}
    assert identity(replace(pack, spec=pack.spec.model_copy(update={"question_frames": other}))) != before
