"""The playground's page in a real Chromium, asking a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from proclivity.playground.desk import Desk
from proclivity.playground.question import Question
from proclivity.playground.server import Playground
from visits import Visit, needs_chromium

pytestmark = [pytest.mark.browser, needs_chromium]
ARMS = ["base", "leaver", "own-policy", "arbitrary"]
PROMPT = "That evening I felt"


class Asking(Visit):
    """The page, and a person who asks."""

    def ask(self, prompt: str) -> None:
        self.page.fill("#prompt", prompt)
        self.page.keyboard.press("Enter")
        self.wait(len(ARMS))

    def wait(self, arms: int) -> None:
        self.page.locator("#status", has_text=f"All {arms} arms have answered").wait_for()

    def arm(self, name: str) -> Any:
        return self.page.locator(f"article[data-arm={name}]")

    def bits(self, name: str) -> str:
        found: str = self.arm(name).locator(".jsd strong").inner_text()
        return found


@pytest.fixture
def visit(browser: Any, server: Playground) -> Iterator[Asking]:
    opened = Asking(browser, server.address, offline=False, viewport={"width": 1280, "height": 800})
    yield opened
    opened.context.close()


def test_every_arm_answers_beside_the_base(visit: Asking, server: Playground, desk: Desk) -> None:
    visit.ask(PROMPT)
    for arm in ARMS:
        card = visit.arm(arm)
        assert card.locator(".text").count() == 3
        assert card.locator(".text").first.text_content().startswith(PROMPT)
        assert card.locator(".words tbody tr").count() >= 13
        assert card.locator(".words rect.after").count() >= 12
        assert card.get_attribute("aria-busy") is None
    answer = desk.ask(Question(model="one", arm="leaver", seed=0, prompt=PROMPT))
    assert visit.bits("leaver") == f"{answer['jsd']:.4f}"
    assert visit.page.locator("#distance-rows tr").count() == 3
    assert visit.arm("leaver").locator(".text").first.text_content() == PROMPT + answer["texts"][0]["text"]
    before = visit.bits("leaver"), visit.bits("arbitrary")
    visit.page.select_option("#seed", "1")
    visit.arm("leaver").locator(".which", has_text="seed 1").wait_for()
    visit.wait(len(ARMS))
    other = desk.ask(Question(model="one", arm="leaver", seed=1, prompt=PROMPT))
    assert visit.bits("leaver") == f"{other['jsd']:.4f}"
    assert (visit.bits("leaver"), visit.bits("arbitrary")) != before
    assert visit.complaints == []
    assert all(url.startswith((server.address, "data:")) for url in visit.requests)


def test_profiles_can_be_left_out_and_controls_cannot(visit: Asking) -> None:
    assert visit.page.locator("#arms input").count() == 1
    visit.page.uncheck("#arms input")
    visit.page.fill("#prompt", "I felt")
    visit.page.click("#go")
    visit.wait(3)
    assert visit.page.locator("article").count() == 3
    assert visit.arm("leaver").count() == 0


def test_a_prompt_that_is_too_long_is_told(visit: Asking) -> None:
    visit.page.fill("#prompt", "I felt " * 200)
    visit.page.keyboard.press("Enter")
    visit.page.locator("#fault", has_text="reads 160").wait_for()
    assert visit.page.locator("#answers").is_hidden()
    visit.ask("I felt")
    assert visit.page.locator("#fault").is_hidden()


def test_markup_in_a_prompt_stays_text(visit: Asking) -> None:
    visit.ask("<img src=x onerror=alert(1)><b>I felt")
    assert "<b>I felt" in visit.arm("base").locator(".text").first.text_content()
    assert visit.page.locator("article img, article b").count() == 0
    assert visit.complaints == []


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_playground_keeps_within_its_edge(browser: Any, server: Playground, width: int, scheme: str) -> None:
    visit = Asking(
        browser, server.address, offline=False, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    visit.ask("I felt " * 20)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.complaints == []
    visit.context.close()
