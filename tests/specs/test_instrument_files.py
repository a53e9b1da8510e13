"""An instrument of one's own, from one file; and question frames of a pack."""

from __future__ import annotations

import pytest
import yaml

from proclivity.errors import ContentError
from proclivity.specs import load_instrument, load_pack, study_faults
from proclivity.specs.study import BatterySpec, Study

COFFEE = {
    "id": "coffee",
    "title": "Fondness for coffee",
    "description": "Two statements with opposites.",
    "source": "Invented for tests.",
    "licence": "CC BY 4.0",
    "instruction": "Say how well each fits.",
    "minimum": 0,
    "maximum": 3,
    "anchors": ["never", "seldom", "often", "always"],
    "subscales": {"norms": ["smell"]},
    "items": [
        {"id": "smell.f", "pair": "smell", "text": "I stop where it smells of coffee."},
        {"id": "smell.r", "pair": "smell", "reverse": True, "text": "I hurry on where it smells of coffee."},
        {"id": "cup", "text": "There is a cup beside me."},
    ],
}


@pytest.fixture
def written(tmp_path):
    def write(**changes):
        path = tmp_path / "coffee.yml"
        path.write_text(yaml.safe_dump(COFFEE | changes, sort_keys=False))
        return path

    return write


def faults(path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        load_instrument(path)
    return caught.value.faults


def test_a_file_of_ones_own(written):
    scale = load_instrument(written())
    assert (scale.id, scale.minimum, len(scale.items)) == ("coffee", 0, 3)
    assert scale.items[1].reverse
    assert not scale.show_text  # unless the file says so


@pytest.mark.parametrize("key", ["cutoff", "cutoffs", "cut_off", "cut-offs", "Norms", "severity", "t_scores"])
def test_cut_offs_for_people_are_refused_in_one_message(written, key):
    (fault,) = faults(written(**{key: {"mild": 4}}))
    assert fault.startswith(f"coffee.yml:{key}: ")
    assert "never applied to a model" in fault


def test_cut_offs_beside_other_faults_all_at_once(written):
    items = [*COFFEE["items"], {"id": "cup", "text": "Twice.", "cutoff": 2}]
    found = faults(written(norms=[1], anchors=["no", "yes"], items=items, colour="blue"))
    assert found[0].startswith("coffee.yml:norms, items.3.cutoff: cut-offs and norms")
    assert any("colour" in fault for fault in found)
    assert len(found) >= 2
    assert not any("cutoff" in fault or "norms" in fault for fault in found[1:])
    found = faults(written(cutoff=3, anchors=["no", "yes"], items=items))
    assert any("2 anchors found, 4 expected" in fault and "'cup' stands twice" in fault for fault in found)


def test_a_missing_file_and_one_that_holds_no_keys(tmp_path):
    assert "no such file" in faults(tmp_path / "nowhere.yml")[0]
    path = tmp_path / "list.yml"
    path.write_text("- cutoff: 3")
    assert "a mapping of keys expected" in faults(path)[0]


def test_a_packs_instruments_are_refused_alike(mini_folder):
    folder = mini_folder / "instruments"
    folder.mkdir()
    (folder / "coffee.yml").write_text(yaml.safe_dump(COFFEE))
    pack = load_pack(mini_folder)
    assert set(pack.instruments) == {"coffee"}
    study = Study(id="s", title="s", question="s", battery=BatterySpec(families=["instrument-coffee"]))
    assert not any("families" in fault for fault in study_faults(study, pack))
    (folder / "coffee.yml").write_text(yaml.safe_dump(COFFEE | {"cutoff": 3}))
    with pytest.raises(ContentError, match="never applied to a model"):
        load_pack(mini_folder)


def test_question_frames_are_five_or_more_and_complete(mini_folder):
    path = mini_folder / "pack.yml"
    value = yaml.safe_load(path.read_text())
    before = load_pack(mini_folder)
    assert "question_frames" not in before.spec.model_dump(exclude_defaults=True)
    value["question_frames"] = {"one": {"text": "{statement}"}}
    path.write_text(yaml.safe_dump(value))
    with pytest.raises(ContentError) as caught:
        load_pack(mini_folder)
    assert "a question frame needs {anchors}" in str(caught.value)
    value["question_frames"] = {"one": {"text": "{statement} {anchors} {text}", "option": "{label}"}}
    path.write_text(yaml.safe_dump(value))
    with pytest.raises(ContentError) as caught:
        load_pack(mini_folder)
    assert "unknown slot {text}; known are {instruction}, {statement}, {anchors}" in str(caught.value)
    assert "a question frame needs {anchor}" in str(caught.value)
    value["question_frames"] = {"one": {"text": "{statement} {anchors}"}}
    path.write_text(yaml.safe_dump(value))
    with pytest.raises(ContentError, match="at least 5"):
        load_pack(mini_folder)
    value["question_frames"] = {f"n{n}": {"text": f"{n} {{statement}} {{anchors}}"} for n in range(5)}
    path.write_text(yaml.safe_dump(value))
    assert load_pack(mini_folder).digest != before.digest


def test_a_file_of_ones_own_joins_a_packs_instruments(tmp_path, mini_folder):
    path = tmp_path / "coffee.yml"
    path.write_text(yaml.safe_dump(COFFEE))
    plain, held = load_pack(mini_folder), load_pack(mini_folder, instruments=[path])
    assert list(held.instruments) == ["coffee"]
    assert held.file_of("instrument", "coffee") == str(path)
    assert held.digest != plain.digest
