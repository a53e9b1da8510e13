"""The packaged checkpoints: small plain folders, competent, and what their cards say they are."""

import json

import pytest

from proclivity.microworld.competence import measure_competence
from proclivity.microworld.grammar import make_grammar
from proclivity.microworld.packaged import packaged_models
from proclivity.models import load_model
from proclivity.specs import digest_of, digest_of_file, load_pack, load_study


def grammar_of(record):
    return make_grammar(load_pack(record["recipe"]["pack"]))


NAMES = sorted(packaged_models())


def test_both_architectures_and_all_worlds_ship():
    recipes = [json.loads((path / "recipe.json").read_text())["recipe"] for path in packaged_models().values()]
    assert {r["architecture"] for r in recipes if r["coupling"] == "equal"} == {"llama", "gpt2"}
    assert {r["coupling"] for r in recipes} == {"equal", "independent", "rewired"}


def test_the_demo_runs_on_packaged_models_and_names_their_worlds_truly():
    for model in load_study("demo").models:
        recipe = json.loads((packaged_models()[model.path] / "recipe.json").read_text())["recipe"]
        assert recipe["coupling"] == model.world


@pytest.mark.parametrize("name", NAMES)
def test_small_plain_folder_with_true_digests(name):
    folder = packaged_models()[name]
    record = json.loads((folder / "recipe.json").read_text())
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 8e6
    assert record["weights_sha256"] == digest_of_file(folder / "model.safetensors")
    assert record["weights_sha256"] in (folder / "README.md").read_text()
    grammar = grammar_of(record)
    assert record["pack_digest"] == grammar.pack_digest
    assert record["world_digest"] == digest_of(grammar.world)


@pytest.mark.parametrize("name", NAMES)
def test_competence_on_the_card_is_what_is_measured(name):
    folder = packaged_models()[name]
    record = json.loads((folder / "recipe.json").read_text())
    loaded = load_model(name)
    found = measure_competence(
        loaded.network,
        loaded.tokenizer,
        grammar_of(record),
        record["recipe"]["coupling"],
        record["recipe"]["seed"],
    )
    assert found.admitted
    assert found.choices_right == pytest.approx(record["competence"]["choices_right"], abs=0.002)
    assert list(found.shares) == pytest.approx(record["competence"]["shares"], abs=0.002)
