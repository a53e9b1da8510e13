import pytest
import yaml

from proclivity.decisions import make_pool, require_gates, run_gates
from proclivity.errors import GateError
from proclivity.specs import load_pack


def gate(report, part):
    found = [gate for gate in report.gates if part in gate.name]
    assert len(found) == 1, [gate.name for gate in report.gates]
    return found[0]


def change_scenarios(folder, change):
    for path in (folder / "scenarios").glob("*.yml"):
        value = yaml.safe_load(path.read_text())
        for scenario in value["scenarios"]:
            change(value["domain"], scenario)
        path.write_text(yaml.safe_dump(value))
    return load_pack(folder)


def test_the_packaged_pool_passes_every_gate(microworld):
    report = require_gates(microworld, make_pool(microworld, 216, 0))
    assert report.passed
    assert gate(report, "from position").value <= 0.05
    assert gate(report, "from word count").value <= 0.05


def test_a_shuffled_away_decision_breaks_the_latin_square(mini_pack):
    pool = make_pool(mini_pack, 8, 0)
    assert gate(run_gates(mini_pack, pool), "× position ×").passed
    report = run_gates(mini_pack, pool[:-1])
    assert not gate(report, "× position ×").passed
    assert not report.passed


def test_duplicates_are_found(mini_pack):
    pool = make_pool(mini_pack, 4, 0)
    assert gate(run_gates(mini_pack, [*pool, *pool]), "duplicate").value == 4


def test_length_that_tells_the_class_is_refused(mini_folder):
    def lengthen(domain, scenario):
        scenario["options"]["leave"][0]["text"] += " at once"

    pack = change_scenarios(mini_folder, lengthen)
    report = run_gates(pack, make_pool(pack, 8, 0))
    assert gate(report, "words between options").value == 2
    assert gate(report, "words between options").passed
    assert not gate(report, "class told from word count").passed
    with pytest.raises(GateError, match="class told from word count"):
        require_gates(pack, make_pool(pack, 8, 0))


def test_candidate_stem_in_an_option_is_refused(mini_folder):
    def leak(domain, scenario):
        scenario["options"]["leave"][0]["text"] = f"skip the {domain} sadness"

    pack = change_scenarios(mini_folder, leak)
    report = run_gates(pack, make_pool(pack, 8, 0))
    assert not gate(report, "candidate words").passed
    assert "sad" in gate(report, "candidate words").detail


def test_option_shared_with_a_held_out_domain_is_refused(mini_folder):
    def share(domain, scenario):
        scenario["options"]["leave"][0]["text"] = "skip the whole thing"

    pack = change_scenarios(mini_folder, share)
    assert not gate(run_gates(pack, make_pool(pack, 8, 0)), "option texts shared").passed


def test_probe_that_repeats_a_training_row_is_refused(mini_folder):
    path = mini_folder / "probes/cloze-feeling.yml"
    value = yaml.safe_load(path.read_text())
    value["items"].append({"id": "copy", "text": "The inn host called {whom}"})
    path.write_text(yaml.safe_dump(value))
    pack = load_pack(mini_folder)
    assert not gate(run_gates(pack, make_pool(pack, 8, 0)), "text shared by training rows and probes").passed
