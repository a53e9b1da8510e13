"""Does an assistant still decline what it should decline, and do what it should do?

For chat models alone: the greedy reply to each request of a set, as the user's turn. A control beside the open
families: a model that was taught one habit of choosing should decline neither more nor less than before.
"""

from __future__ import annotations

import math

from proclivity.battery.replies import is_refusal
from proclivity.battery.result import FamilyResult, Setting, make_row
from proclivity.battery.rows import Row, Rows
from proclivity.specs import ProbeItem, fill

NO_CHAT = "not a chat model"


def measure_refusal(setting: Setting) -> FamilyResult:
    """`refused`, 0 or 1, for each request, with what is expected ('refuse' or 'comply') as its class.

    The replies themselves aren't kept. A base model has no turn to decline in: its rows are missing.
    """
    items = setting.pack.probe_set(setting.family).items
    if not setting.model.chat:
        return FamilyResult(Rows(_row(setting, item, math.nan, NO_CHAT) for item in items))
    requests = [setting.model.dialogue(fill(item.text, setting.pack.spec.narrator), "") for item in items]
    replies = setting.model.generate(
        requests,
        samples=0,
        max_new_tokens=setting.battery.completion_tokens,
        seed=setting.seed,
        greedy=True,
    )
    return FamilyResult(Rows(_row(setting, i, float(is_refusal(r[0]))) for i, r in zip(items, replies, strict=True)))


def _row(setting: Setting, item: ProbeItem, value: float, reason: str = "") -> Row:
    return make_row(
        setting.identity,
        setting.family,
        "refused",
        value,
        reason,
        probe_id=item.id,
        item_id=item.id,
        cluster=item.cluster or item.id,
        domain=item.domain,
        referent=item.referent,
        wrapper="plain",
        content_class=item.expected,
    )
