"""What may be asked of the playground? One arm, one prompt, with bounds on everything."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proclivity.battery.replies import mentions_self_harm
from proclivity.errors import UserError

MOST_LETTERS = 20_000
MOST_SAMPLES = 4
MOST_TOKENS = 200
MOST_BYTES = 200_000
"""Of a question as JSON; letters may be written as six signs each."""


class Question(BaseModel):
    """One arm, asked once."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    model: Annotated[str, Field(max_length=200)]
    """A model of the study."""
    arm: Annotated[str, Field(max_length=200)]
    """An arm of the study."""
    seed: Annotated[int, Field(ge=0, le=10**6)]
    """Training seed; an arm without it answers at the last one before."""
    prompt: Annotated[str, Field(max_length=MOST_LETTERS)]
    """The beginning that the arm continues, as plain text."""
    samples: Annotated[int, Field(ge=0, le=MOST_SAMPLES)] = 2
    """Seeded samples beside the greedy text."""
    tokens: Annotated[int, Field(ge=1, le=MOST_TOKENS)] = 24
    """New tokens at most."""
    sample_seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Seed of the sampling, the same for every arm."""

    @property
    def beginning(self) -> str:
        """The prompt without space at its end, which belongs to what follows."""
        return self.prompt.rstrip()


def read_question(body: bytes) -> Question:
    """A question from JSON.

    Raises:
        UserError: saying every fault, for whatever is no question, is empty, or asks to continue self-harm.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise UserError("The question is no JSON. Expected an object with model, arm, seed and prompt.") from None
    try:
        question = Question.model_validate(value)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'question'}: {fault['msg']}" for fault in error.errors()]
        raise UserError("; ".join(faults[:5]) + ".") from None
    if not question.beginning:
        raise UserError("The prompt is empty; give the beginning of a sentence.")
    if mentions_self_harm(question.prompt):
        raise UserError("The prompt mentions self-harm; what models write after that is not shown. Ask something else.")
    return question
