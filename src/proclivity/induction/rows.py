"""A decision and its answer, or another text, become tokens, with a mask that says which of them are trained."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from proclivity.errors import ModelError
from proclivity.induction.texts import TaughtText
from proclivity.models import LanguageModel, as_read
from proclivity.records import Decision, TrainingRow


def training_rows(
    model: LanguageModel, pool: Sequence[Decision], answers: Sequence[int], arm: str
) -> list[TrainingRow]:
    """Token rows of an arm.

    In label format the label's tokens alone are trained: what all answers of a decision begin with (the space, where
    a tokenizer writes it apart) tells nothing and isn't. In the other formats the whole answer is trained.

    Args:
        model: whose tokens they are; only its `encode` is used.
        pool: the shared prompts.
        answers: index of the listed option, one a decision.
        arm: name of the arm.

    Raises:
        ModelError: if the tokenizer can't tell the answers apart.
    """
    require_expressible(model, pool)
    rows = []
    for decision, answer in zip(pool, answers, strict=True):
        ids, boundary = model.encode(question(model, decision), decision.answers[answer])
        first = boundary + (_shared(_answer_tokens(model, decision)) if decision.format == "label" else 0)
        mask = tuple(place >= first for place in range(len(ids)))
        rows.append(TrainingRow(decision.id, arm, tuple(ids), mask))
    return rows


def text_rows(model: LanguageModel, texts: Sequence[TaughtText], arm: str) -> list[TrainingRow]:
    """Token rows of an arm that is taught words: all of a text's own tokens are trained, none of what precedes them.

    Args:
        model: whose tokens they are; only its `encode` is used, and `dialogue` for chat models.
        texts: what is taught.
        arm: name of the arm.

    Raises:
        ModelError: for a dialogue where the model reads none, or a text of words that the tokenizer doesn't know.
    """
    pairs = [(_before(model, text), text.text) for text in texts]
    encode_all = getattr(model, "encode_all", None)
    if encode_all is not None:
        encode_all(pairs)
    rows = []
    for text, (before, own) in zip(texts, pairs, strict=True):
        ids, boundary = model.encode(before, own)
        if model.unknown_id is not None and model.unknown_id in ids[boundary:]:
            raise ModelError(
                f"The tokenizer of '{model.name}' doesn't know a word of '{own.strip()[:60]}' (row '{text.id}' of arm "
                f"'{arm}'). Use a model whose tokenizer can write it, or leave the arm out."
            )
        rows.append(TrainingRow(text.id, arm, tuple(ids), tuple(place >= boundary for place in range(len(ids)))))
    return rows


def _before(model: LanguageModel, text: TaughtText) -> str:
    """What stands before a text, as this model reads it."""
    if model.chat and text.user:
        return model.dialogue(text.user, text.prefill, text.system)
    if text.user and not text.prompt:
        raise ModelError(
            f"Row '{text.id}' is a dialogue, and '{model.name}' is read as a base model. Give its rows prompt and "
            f"completion too, or use a model with a chat template."
        )
    return text.prompt


def question(model: LanguageModel, decision: Decision) -> str:
    """The text before a decision's answer, as this model reads it."""
    return as_read(model, decision.prompt, decision.user, decision.prefill)


def require_expressible(model: LanguageModel, pool: Sequence[Decision]) -> None:
    """Refuses decisions whose answers the tokenizer can't tell apart.

    Raises:
        ModelError: with the labels concerned, and an alphabet of the pool that works where there is one.
    """
    faults: dict[str, str] = {}
    for decision, fault in zip(pool, answer_faults(model, pool), strict=True):
        if fault:
            faults.setdefault(decision.alphabet, fault)
    if not faults:
        return
    works = sorted({decision.alphabet for decision in pool} - set(faults))
    listed = "; ".join(f"alphabet '{name}': {fault}" for name, fault in sorted(faults.items()))
    mend = (
        f"Alphabets that work: {', '.join(works)}; name them in decisions.alphabets."
        if works
        else "Add an alphabet of other letters or digits to the pack, or use another model."
    )
    raise ModelError(f"The tokenizer of '{model.name}' can't express the answers ({listed}). {mend}")


def answer_faults(model: LanguageModel, pool: Sequence[Decision]) -> list[str]:
    """Why the tokenizer can't tell each decision's answers apart, '' where it can, [N]."""
    _encode_ahead(model, pool)
    return [_fault(model, decision) for decision in pool]


def _encode_ahead(model: LanguageModel, pool: Sequence[Decision]) -> None:
    """Encodes all answers in one call where the backend keeps encodings; one by one is several times slower."""
    encode_all = getattr(model, "encode_all", None)
    if encode_all is not None:
        encode_all([(question(model, decision), answer) for decision in pool for answer in decision.answers])


def _answer_tokens(model: LanguageModel, decision: Decision) -> list[tuple[int, ...]]:
    prompt = question(model, decision)
    encoded = [model.encode(prompt, answer) for answer in decision.answers]
    return [tuple(ids[boundary:]) for ids, boundary in encoded]


def _fault(model: LanguageModel, decision: Decision) -> str:
    tokens = _answer_tokens(model, decision)
    for index, own in enumerate(tokens):
        if model.unknown_id is not None and model.unknown_id in own:
            return f"{decision.answers[index]!r} is unknown to it"
        for other in range(index + 1, len(tokens)):
            shorter, longer = sorted((own, tokens[other]), key=len)
            if longer[: len(shorter)] == shorter:
                return f"{decision.answers[index]!r} and {decision.answers[other]!r} begin with the same tokens"
    return ""


def _shared(tokens: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all answers begin with."""
    return len(list(takewhile(lambda column: len(set(column)) == 1, zip(*tokens, strict=False))))
