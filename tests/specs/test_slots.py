from hypothesis import given
from hypothesis import strategies as st

from proclivity.specs import Subject, fill
from proclivity.specs.slots import faulty_slots

ME = Subject(who="I", whom="me", whose="my")


def test_fill_by_hand():
    assert fill("{who} took {whose} hat to {whom}", ME) == "I took my hat to me"


def test_unknown_slots_are_named():
    assert len(faulty_slots("{who} {name} {}")) == 2


@given(st.text(alphabet=st.characters(exclude_characters="{}")))
def test_text_without_slots_is_unchanged(text):
    assert fill(text, ME) == text
    assert faulty_slots(text) == []


def test_sentence_starts_get_capitals_and_continuations_do_not():
    you = Subject(who="you", whom="you", whose="your", was="were")
    assert fill("{whose} hat fell. {who} {was} late", you) == "Your hat fell. You were late"
    assert fill("{whose} hat", you, continues=True) == "your hat"


def test_a_name_stands_once_in_place_of_the_first_pronoun():
    nora = Subject(who="she", whom="her", whose="her", name="Nora")
    assert fill("For {whom} it was late. {who} left", nora) == "For Nora it was late. She left"
    assert fill("{whose} bag was gone, {who} saw", nora) == "Nora's bag was gone, she saw"


def test_values_of_the_pack_fill_their_slots():
    assert fill("{name} met {whom} on {day}", ME, {"name": "Kim", "day": "Friday"}) == "Kim met me on Friday"
    assert faulty_slots("{name}", ["name"]) == []
