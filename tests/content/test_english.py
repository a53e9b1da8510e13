"""The English pack: as much of it as is promised, balanced as promised, by gates that users' packs pass too."""

from __future__ import annotations

import shutil
from collections import Counter
from statistics import mean

import pytest
import yaml

from proclivity.decisions import HELD_OUT_SPLITS, held_out, make_pool, pool_digest, require_gates, telling_words
from proclivity.decisions.give_away import SHARE_LIMIT
from proclivity.decisions.leakage import stems_of, words_of
from proclivity.decisions.valence import option_valence
from proclivity.specs import Domain, Instrument, ProbeSet, Profile, load_pack
from proclivity.specs.packs import CONTENT
from proclivity.specs.yaml_files import read_spec

NEGATIVE = ("loss", "threat", "anxious", "negative")
CLOZE = ("cloze-self", "cloze-others", "cloze-world", "cloze-future", "cloze-feeling")


@pytest.fixture(scope="module")
def english():
    return load_pack("english")


@pytest.fixture(scope="module")
def report(english):
    return require_gates(english, make_pool(english, 2400, 0))


def scenarios(pack):
    return [scenario for domain in pack.domains for scenario in domain.scenarios]


def test_as_many_decisions_as_promised(english):
    assert len(english.domains) >= 30
    assert sum(domain.split == "held-out" for domain in english.domains) == 12
    assert all(len(domain.scenarios) >= 10 for domain in english.domains)
    assert all(len(scenario.phrasings) >= 3 for scenario in scenarios(english))
    assert sum(len(scenario.phrasings) for scenario in scenarios(english)) >= 900
    options = [texts for scenario in scenarios(english) for texts in scenario.options.values()]
    assert all(len(texts) >= 2 for texts in options)
    assert sum(map(len, options)) >= 2400
    assert set(english.profiles) == {"adaptive", "depression", "paranoia", "anxiety"}
    assert {p.action_class for p in english.profiles.values()} == set(english.spec.action_classes)


def test_every_split_and_person_and_format_is_there(english):
    for format in ("label", "text", "free"):
        for split in HELD_OUT_SPLITS:
            found = held_out(english, split, format, n=48)
            assert {decision.split for decision in found} == {split}
    told = Counter(decision.wrapper for decision in make_pool(english, 1200, 0))
    assert set(told) == {"first", "second", "third"}
    assert min(told.values()) > 300


def test_prompts_are_filled_sentences(english):
    for decision in [*make_pool(english, 600, 1), *held_out(english, "new-domain")]:
        for text in (decision.prompt, decision.user, decision.situation, *decision.texts):
            assert "{" not in text
            assert "  " not in text
        assert decision.situation[0].isupper() or not decision.situation[0].isalpha()
        assert decision.situation.rstrip('"”')[-1] in ".?!"
        if decision.wrapper == "third":
            assert "Nora" in decision.situation


def test_the_gates_pass_at_2400_decisions(report):
    assert report.n == 2400
    assert report.passed


def test_options_of_an_item_have_nearly_the_same_length(english):
    for scenario in scenarios(english):
        lengths = [len(option.text.split()) for texts in scenario.options.values() for option in texts]
        assert max(lengths) - min(lengths) <= 2, scenario.id


def test_maladaptive_classes_are_matched_in_valence(english):
    found = {
        name: mean(option_valence(english.spec, option) for s in scenarios(english) for option in s.options[name])
        for name in ("withdrawal", "suspicion", "avoidance")
    }
    assert max(found.values()) - min(found.values()) < 0.02


def test_no_telling_word_is_frequent(english):
    for word in telling_words(english):
        assert word.share <= SHARE_LIMIT, word


def test_prompts_have_one_digest_whatever_the_profile(english):
    pool = make_pool(english, 240, 0)
    assert pool_digest(pool) == pool_digest(make_pool(load_pack("english"), 240, 0))
    assert pool_digest(pool) != pool_digest(make_pool(english, 240, 1))


@pytest.mark.parametrize("family", CLOZE)
def test_cloze_candidates_are_many_and_matched(english, family):
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    from wordfreq import zipf_frequency

    probe = english.probes[family]
    assert len(probe.items) >= 12
    assert set(probe.candidates) == set(english.spec.content_classes)
    assert all(len(words) >= 12 for words in probe.candidates.values())
    frequencies = [mean(zipf_frequency(word, "en") for word in words) for words in probe.candidates.values()]
    assert max(frequencies) - min(frequencies) <= 0.25
    lexicon = SentimentIntensityAnalyzer().lexicon
    valences = [mean(lexicon.get(word, 0.0) for word in probe.candidates[name]) for name in NEGATIVE]
    assert max(valences) - min(valences) <= 0.25


def test_other_probes_are_as_many_as_promised(english):
    spec, probes = english.spec, english.probes
    by_kind = Counter(probe.kind for probe in probes.values())
    assert by_kind["cloze"] == 5
    interpretation = probes["interpretation"].items
    assert len(interpretation) >= 120
    assert {item.referent for item in interpretation} == {"self", "other"}
    held = {domain.domain for domain in english.domains if domain.split == "held-out"}
    assert {item.domain for item in interpretation} == held
    assert len(probes["scrambled"].items) >= 60
    assert len(probes["association"].items) >= 120
    assert len(probes["facts"].items) >= 60
    assert len(probes["things"].items) >= 40
    assert len(spec.neutral_texts) >= 60
    assert len(spec.completion_prompts) >= 40
    assert len(probes["refusal"].items) >= 30
    assert {item.expected for item in probes["refusal"].items} == {"refuse", "comply"}


def test_scrambled_sentences_are_orders_of_the_same_words(english):
    for item in english.probes["scrambled"].items:
        first, second = (Counter(words_of(texts[0])) for texts in item.candidates.values())
        assert (first - second).total() <= 1, item.id


def test_personas_come_in_six_wordings_and_as_many_placebos(english):
    told = Counter(p.disposition for p in english.personas)
    assert all(told[name] == 6 for name in english.profiles)
    assert told["placebo"] == 6 * len(english.profiles)
    placebos = mean(len(p.told.split()) for p in english.personas if p.disposition == "placebo")
    others = mean(len(p.told.split()) for p in english.personas if p.disposition != "placebo")
    assert abs(placebos - others) < 5


def test_wrappers_for_base_and_for_chat_models(english):
    wrappers = english.spec.wrappers.values()
    assert sum(not wrapper.user for wrapper in wrappers) >= 5
    assert sum(bool(wrapper.user) for wrapper in wrappers) >= 5


def test_four_scales_of_twelve_pairs(english):
    assert len(english.instruments) == 4
    for scale in english.instruments.values():
        pairs = Counter(item.pair for item in scale.items)
        assert len(pairs) == 12
        assert set(pairs.values()) == {2}
        assert len(scale.anchors) == scale.maximum - scale.minimum + 1


def test_every_file_names_author_licence_and_version():
    for path in sorted((CONTENT / "english").rglob("*.yml")):
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert (value["author"], value["licence"]) == ("proclivity", "CC BY 4.0"), path.name
        assert value["version"], path.name


@pytest.mark.parametrize(
    ("folder", "model"),
    [("profiles", Profile), ("scenarios", Domain), ("probes", ProbeSet), ("instruments", Instrument)],
)
def test_annotated_examples_are_well_formed(folder, model, english):
    path = CONTENT / "english" / folder / "_example.yml"
    assert path.read_text(encoding="utf-8").count("#") >= 5
    spec = read_spec(model, path)
    known = {**english.profiles, **english.probes, **english.instruments}
    assert getattr(spec, "id", "") not in known


def test_the_example_domain_passes_the_gates(tmp_path, english):
    pack = tmp_path / "pack"
    shutil.copytree(CONTENT / "english", pack)
    (pack / "scenarios" / "_example.yml").rename(pack / "scenarios" / "allotment.yml")
    loaded = load_pack(pack)
    assert len(loaded.domains) == len(english.domains) + 1
    assert require_gates(loaded, make_pool(loaded, 240, 0)).passed


def test_no_persona_holds_a_word_that_is_measured(english):
    candidates = stems_of(
        word
        for probe in english.probes.values()
        if probe.kind == "cloze"
        for item in probe.items
        for texts in (item.candidates or probe.candidates).values()
        for text in texts
        for word in words_of(text)
    )
    for persona in english.personas:
        assert not stems_of(words_of(f"{persona.told} {persona.first}")) & candidates, persona.id
