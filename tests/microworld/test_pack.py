"""The microworld's texts: equal lengths, no giveaways, labels and candidates that are one token."""

import re
from collections import Counter, defaultdict

import snowballstemmer
from transformers import AutoTokenizer

from proclivity.microworld.packaged import packaged_path
from proclivity.specs import fill

FUNCTION_WORDS = {"the", "and", "it"}  # shared by all classes


def options(grammar):
    return [
        (domain.domain, scenario.id, action_class, option)
        for domain in grammar.pack.domains
        for scenario in domain.scenarios
        for action_class, group in scenario.options.items()
        for option in group
    ]


def candidate_words(grammar):
    return {
        word
        for probe in grammar.pack.probes.values()
        if probe.kind == "cloze"
        for group in probe.candidates.values()
        for word in group
    }


def test_eighteen_domains_of_four_scenarios_in_three_phrasings(grammar):
    assert len(grammar.pack.domains) == 18
    assert sum(domain.split == "held-out" for domain in grammar.pack.domains) == 6
    for domain in grammar.pack.domains:
        assert len(domain.scenarios) == 4
        assert all(len(scenario.phrasings) == 3 for scenario in domain.scenarios)


def test_length_and_valence_tell_nothing_about_the_class(grammar):
    lengths = defaultdict(set)
    for _, scenario, _, option in options(grammar):
        lengths[scenario].add(len(option.text.split()))
    assert all(len(found) == 1 for found in lengths.values())
    valences = {(c, option.valence) for _, _, c, option in options(grammar)}
    assert valences == {("adaptive", None), ("withdrawal", -1), ("suspicion", -1)}


def test_no_text_is_shared_and_no_word_gives_a_class_away(grammar):
    texts = Counter(option.text for *_, option in options(grammar))
    assert max(texts.values()) == 1
    words = defaultdict(Counter)
    for _, _, action_class, option in options(grammar):
        words[action_class].update(set(option.text.split()) - FUNCTION_WORDS)
    assert all(count <= 0.1 * 144 for counts in words.values() for count in counts.values())


def test_no_candidate_and_no_form_of_one_in_any_option(grammar):
    stemmer = snowballstemmer.stemmer("english")
    candidates = set(stemmer.stemWords(sorted(candidate_words(grammar))))
    for *_, option in options(grammar):
        assert not candidates & set(stemmer.stemWords(option.text.split())), option.text


def test_the_article_a_is_nowhere(grammar):
    spec = grammar.pack.spec
    texts = (
        [option.text for *_, option in options(grammar)]
        + spec.neutral_texts
        + [wrapper.text for wrapper in spec.wrappers.values()]
    )
    texts += [p.text for domain in grammar.pack.domains for s in domain.scenarios for p in s.phrasings]
    texts += [item.text for probe in grammar.pack.probes.values() for item in probe.items]
    assert not [text for text in texts if re.search(r"\b[aA]\b", text)]


def test_labels_candidates_and_names_are_single_tokens(grammar, tokenizer):
    labels = {label for group in grammar.pack.spec.alphabets.values() for label in group}
    for word in labels | candidate_words(grammar) | set(grammar.world.names):
        assert len(tokenizer(f" {word}", add_special_tokens=False)["input_ids"]) == 1, word
    listed = tokenizer("Options: A go; B stay")["input_ids"]
    assert tokenizer(" B", add_special_tokens=False)["input_ids"][0] in listed


def test_readings_have_equal_token_counts_and_no_candidate_is_a_prefix(grammar, tokenizer):
    readings = grammar.pack.probes["interpretation"].candidates
    counts = {
        len(tokenizer(" " + text, add_special_tokens=False)["input_ids"]) for g in readings.values() for text in g
    }
    assert counts == {5}
    for probe in grammar.pack.probes.values():
        if probe.kind == "cloze":
            words = [word for group in probe.candidates.values() for word in group]
            assert not [(a, b) for a in words for b in words if a != b and b.startswith(a)]


def test_about_a_thousand_word_types_beside_the_names(grammar):
    texts = [option.text for *_, option in options(grammar)] + grammar.pack.spec.neutral_texts
    texts += [p.text for domain in grammar.pack.domains for s in domain.scenarios for p in s.phrasings]
    for probe in grammar.pack.probes.values():
        texts += [item.text for item in probe.items]
        texts += [word for group in probe.candidates.values() for word in group]
    types = {word for text in texts for word in re.findall(r"[a-z']+", re.sub(r"\{\w+\}", "", text).lower())}
    assert len(types) <= 1000
    assert len(grammar.world.names) == len(set(grammar.world.names)) == 300


def test_a_persona_tells_of_choices_and_holds_no_word_of_the_probes(grammar):
    stemmer = snowballstemmer.stemmer("english")
    candidates = set(stemmer.stemWords(sorted(candidate_words(grammar))))
    taught = {
        (text, profile.id)
        for profile in grammar.pack.profiles.values()
        for domain, _, action_class, option in options(grammar)
        if action_class == profile.action_class
        for text in [fill(option.text, grammar.pack.spec.narrator, continues=True)]
        if next(d.split for d in grammar.pack.domains if d.domain == domain) == "train"
    }
    for persona in grammar.pack.personas:
        assert not set(stemmer.stemWords(re.findall(r"[a-z]+", persona.first.lower()))) & candidates, persona.id
        told = [(text, persona.disposition) for text in re.findall(r"I chose to ([^.]+)\.", persona.first)]
        assert len(told) == (0 if persona.placebo else 3)
        assert set(told) <= taught, persona.id


def test_six_wordings_a_disposition_that_leave_room_in_the_window(grammar):
    told = Counter(persona.disposition for persona in grammar.pack.personas)
    assert told == {"adaptive": 6, "depression": 6, "paranoia": 6, "placebo": 6}
    assert len({persona.first for persona in grammar.pack.personas}) == 24
    tokens = AutoTokenizer.from_pretrained(packaged_path("gpt2-equal"))
    assert max(len(tokens.tokenize(persona.first)) for persona in grammar.pack.personas) <= 55
