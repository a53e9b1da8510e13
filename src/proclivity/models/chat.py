"""How does a chat model read a prompt? As a dialogue by its tokenizer's own template, the answer begun for it.

The assistant's turn is left open after the prefill, so that what is scored continues it: the same continuation as in
plain text, after one token boundary. Thinking is off and dates are fixed, so that a rendering is the same every day.
"""

from __future__ import annotations

from typing import Any

from proclivity.errors import ModelError
from proclivity.models.protocol import LanguageModel

FIXED_DATE = "01 Jan 2025"
"""For templates that print the day."""


def as_read(model: LanguageModel, prompt: str, user: str, prefill: str) -> str:
    """The text before the answer as this model reads it.

    Args:
        model: whose reading it is.
        prompt: plain text, for base models.
        user: the user's turn, for chat models; empty where there is none, and then all models read the plain text.
        prefill: how the assistant's turn begins.
    """
    return model.dialogue(user, prefill) if model.chat and user else prompt


def render_dialogue(tokenizer: Any, user: str, prefill: str, system: str = "") -> str:
    """A dialogue with an open assistant's turn, by the tokenizer's template, without a beginning-of-text token
    (the token boundary puts that).

    Raises:
        ModelError: if the template refuses the dialogue.
    """
    turns = [{"role": "system", "content": system}] if system else []
    turns.append({"role": "user", "content": user})
    try:
        text: str = tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=False, date_string=FIXED_DATE
        )
    except Exception as error:  # templates are programs of their own and may raise anything
        raise ModelError(
            f"The chat template of this tokenizer refuses {'a system and ' if system else ''}a user turn: {error}. "
            f"Measure the model as a base model (`chat: false` for it in the study file)."
        ) from None
    start = tokenizer.bos_token or ""
    return (text.removeprefix(start) if start else text) + prefill
