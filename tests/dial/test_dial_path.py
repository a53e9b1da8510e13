"""The dial's whole path: pretrained in miniature, and on the packaged worlds, whose words are known to differ."""

import json
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from proclivity.dial.checkpoints import find_checkpoints, folder_name
from proclivity.dial.run import Workplace, run_dial
from proclivity.dial.settings import Dial, recipes
from proclivity.errors import GateError
from proclivity.microworld.grammar import make_grammar
from proclivity.microworld.packaged import packaged_path
from proclivity.specs import load_pack

BRIEF = Dial(seeds=1, doses=(18,), ranks=(2,), tuning_seeds=1, choice_items=9, families=("choice", "cloze-self"))
MINIATURE = replace(BRIEF, couplings=(0.0, 0.5), steps=4, admit=False)


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    """A dial of two couplings, one of them refused in the second run."""
    out = tmp_path_factory.mktemp("dial")
    lines: list[str] = []
    done = run_dial(MINIATURE, Workplace(out, out / "cache", 1, say=lines.append))
    return out, lines, done


def test_a_miniature_dial_pretrains_teaches_and_draws(miniature):
    out, lines, done = miniature
    assert "2 checkpoints, 2 of them to pretrain: 4 steps each of" in lines[0]
    assert [checkpoint.state for checkpoint in done.checkpoints.values()] == ["trial", "trial"]
    assert {(s.coupling, s.profile) for s in done.shifts} == {
        (c, p) for c in (0.0, 0.5) for p in ("depression", "paranoia")
    }
    assert all(s.reason for s in done.shifts if s.shift != s.shift)
    written = json.loads((out / "dial.json").read_text())
    assert [row["world"] for row in written["checkpoints"]] == ["independent", "coupling-0.5"]
    assert all(row["weights_sha256"] for row in written["checkpoints"])
    assert len((out / "dial.csv").read_text().splitlines()) == 1 + 4
    assert "A trial" in (out / "dial.html").read_text()
    card = next((out / "cache").glob("gpt2-coupling-0.5-*")) / "README.md"
    assert "they are the same in 72% of narrators" in card.read_text()


def test_the_same_call_pretrains_nothing_and_a_refusal_is_shown(miniature):
    out, _, done = miniature
    half = done.checkpoints[0.5, 2]
    kept = done.checkpoints[0.0, 2].folder / "model.safetensors"
    before = kept.stat().st_mtime_ns
    shutil.rmtree(half.folder)
    half.refusal.write_text("not competent\n")
    lines: list[str] = []
    again = run_dial(MINIATURE, Workplace(out, out / "cache", 1, say=lines.append))
    assert "2 checkpoints, 0 of them to pretrain." in lines[0]
    assert kept.stat().st_mtime_ns == before
    assert {s.coupling for s in again.shifts} == {0.0}
    assert [s.refused for s in again.spreads if s.coupling == 0.5] == [(2,), (2,)]
    assert "0.5 ✕1" in (out / "dial.html").read_text()
    assert "refused" in (out / "dial.csv").read_text()


def test_on_the_packaged_worlds_words_follow_choices_where_they_are_linked(tmp_path):
    dial = replace(BRIEF, couplings=(0.0, 1.0), first_seed=0, doses=(18, 54), ranks=(8,))
    for key, checkpoint in find_checkpoints(recipes(dial), tmp_path / "cache").items():
        shutil.copytree(packaged_path("gpt2-equal" if key[0] else "gpt2-independent"), checkpoint.folder)
    done = run_dial(dial, Workplace(tmp_path, tmp_path / "cache", 1))
    means = {(s.profile, s.items, s.coupling): s.mean for s in done.spreads}
    for profile in ("depression", "paranoia"):
        assert means[profile, 54, 1.0] > means[profile, 54, 0.0] + 0.2
        assert means[profile, 54, 1.0] > means[profile, 18, 1.0]
    assert all(s.chosen > 0.5 for s in done.spreads if s.items == 54)


def test_decisions_that_would_be_refused_are_refused_before_anything_is_pretrained(tmp_path):
    with pytest.raises(GateError, match="class told from position"):
        run_dial(replace(BRIEF, doses=(9,)), Workplace(tmp_path, tmp_path / "cache", 1))
    assert not list(tmp_path.iterdir())


def test_another_recipe_has_another_folder():
    made = make_grammar(load_pack("microworld"))
    (first, second), (trial, _) = recipes(MINIATURE).values(), recipes(replace(MINIATURE, steps=5)).values()
    assert len({folder_name(recipe, made) for recipe in (first, second, trial)}) == 3


def test_a_process_whose_dial_is_gone_ends_and_leaves_nothing(tmp_path):
    long = replace(MINIATURE, steps=3000)
    checkpoint = next(iter(find_checkpoints(recipes(long), tmp_path).values()))
    code = "from proclivity.dial.checkpoints import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    pickle.dump(checkpoint, process.stdin)
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    process.stdin.close()  # as when the dial is killed
    assert process.wait(60) == 1
    assert not list(tmp_path.iterdir())
