"""The page in a real Chromium with the network cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from visits import Visit, needs_chromium

MODELS = ("llama-equal", "gpt2-equal", "llama-independent", "llama-rewired")
pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    opened = Visit(browser, address, viewport={"width": 1280, "height": 800})
    yield opened
    opened.context.close()


def test_it_opens_offline_without_a_complaint(visit: Visit, address: str) -> None:
    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith("data:")] == [address]


def test_generated_markup_stays_text(visit: Visit) -> None:
    assert visit.page.evaluate("window.broken") is None
    assert "</script><script>window.broken" in visit.page.inner_text("#co-view")
    assert visit.page.locator("#co-view img").count() == 0


def test_a_model_shows_its_own_panels(visit: Visit) -> None:
    shown = visit.page.locator("#figure-forest .panel:visible")
    assert shown.count() == 4
    before = shown.first.inner_html()
    visit.page.select_option("select[data-groups=figure-forest]", "gpt2-equal")
    assert shown.count() == 4
    assert shown.first.inner_html() != before


def test_base_can_be_shown_beside_the_controls(visit: Visit) -> None:
    marks = visit.page.locator("#figure-forest .optional:visible")
    assert marks.count() == 0
    visit.page.check("input[data-optional=figure-forest]")
    assert marks.count() > 0


def test_next_words_follow_the_selectors(visit: Visit) -> None:
    view = visit.page.locator("#nt-view")
    assert "I think that I am" in view.inner_text()
    first = view.inner_text()
    visit.page.select_option("#nt-arm", "paranoia")
    second = view.inner_text()
    visit.page.select_option("#nt-stem", "cloze-future-2|plain")
    assert first != second
    assert "I expected" in view.inner_text()
    assert view.locator("tbody tr").count() == 4 * 7  # 4 kinds with a heading and 6 words each


def test_completions_follow_the_selectors(visit: Visit) -> None:
    view = visit.page.locator("#co-view")
    assert view.locator("h4").all_inner_texts() == [
        "base",
        "depression-like",
        "paranoia-like",
        "own-policy",
        "arbitrary",
    ]
    assert "1 flagged and not shown" in view.inner_text()
    visit.page.select_option("#co-model", "gpt2-equal")
    assert "window.broken" not in view.inner_text()


def test_selectors_work_from_the_keyboard(visit: Visit) -> None:
    visit.page.focus("#nt-arm")
    before = visit.page.inner_text("#nt-view")
    visit.page.keyboard.press("ArrowDown")
    assert visit.page.inner_text("#nt-view") != before


def test_hovering_says_the_number_and_what_it_rests_on(visit: Visit) -> None:
    visit.page.locator("#figure-worlds .mark[data-tip] .centre").first.hover()
    said = visit.page.inner_text("#tip")
    assert "6 seeds, 8 clusters, 16 items" in said
    assert "depression-like, loss words" in said


@pytest.mark.parametrize("width", [375, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_runs_over_the_edge(browser: Any, address: str, width: int, scheme: str) -> None:
    visit = Visit(browser, address, viewport={"width": width, "height": 800}, color_scheme=scheme)
    visit.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.complaints == []
    visit.context.close()


def test_it_prints_without_navigation(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    assert not visit.page.is_visible("nav.contents")
    assert visit.page.locator("#figure-forest .panel:visible").count() == 16


def test_completions_are_narrowed_to_an_arm_and_a_seed(visit: Visit) -> None:
    view = visit.page.locator("#co-view")
    visit.page.select_option("#co-arm", "depression")
    assert view.locator("h4").all_inner_texts() == ["depression-like"]
    assert view.locator("li").count() == 12
    visit.page.select_option("#co-seed", "3")
    assert view.locator(".seed").all_inner_texts() == ["seed 3", "seed 3"]
    visit.page.select_option("#co-arm", "")
    assert view.locator("h4").count() == 5
    assert set(view.locator(".seed").all_inner_texts()) == {"untrained", "seed 3"}  # base has one checkpoint


def test_paper_names_the_model_of_every_panel(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    said = visit.page.evaluate(
        "[...document.querySelectorAll('#figure-forest .panel')]"
        ".map((panel) => getComputedStyle(panel, '::before').content)"
    )
    assert said == [f'"{model}"' for model in MODELS for _ in range(4)]
    assert not visit.page.is_visible(".save")
    assert visit.page.is_visible("#co-model")  # which model and prompt the printed texts are of
