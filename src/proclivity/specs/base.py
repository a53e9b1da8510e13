"""What all files that a person writes have in common. What a spec doesn't know, it refuses, so that a misspelt key is
never silently ignored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=10**9)]
"""How many; more than anybody means, and than numbers of a machine hold, is a slip of the pen."""
CountOrNone = Annotated[int, Field(ge=0, le=10**9)]
"""How many, where 0 has a meaning of its own."""
Seed = Annotated[int, Field(ge=0, lt=2**63)]
AnswerFormat = Literal["label", "text", "free"]


class Spec(BaseModel):
    """A thing that a person writes; what it doesn't know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False, allow_inf_nan=False)
