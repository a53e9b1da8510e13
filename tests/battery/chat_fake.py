"""An exact model that reads dialogues: the user's turn, then how the answer begins, words between spaces."""

from __future__ import annotations

from proclivity.models import FakeModel


class ChatFake(FakeModel):
    chat = True

    def dialogue(self, user: str, prefill: str, system: str = "") -> str:
        return " ".join(filter(None, (system, "[user]", user, "[assistant]", prefill)))
