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
