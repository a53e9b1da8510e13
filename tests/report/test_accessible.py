"""The page for everyone: axe finds no serious fault, and the screen shows what the theme and the choice say."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_study import Simulation

from proclivity.report import write_report
from visits import Visit, needs_chromium

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of two models; more would only be more of the same."""
    models = {"llama-equal": "equal", "gpt2-equal": "equal"}
    return write_report(Simulation(models=models).write(tmp_path_factory.mktemp("two"))).as_uri()


def faults(visit: Visit, *rules: str) -> list[str]:
    """Serious and critical faults, each with the first places; what can be opened is open, tables are cut short."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    visit.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    visit.page.evaluate("document.querySelectorAll('tbody tr:nth-child(n+4)').forEach((row) => row.remove())")
    # The page's policy lets no other script in; the tester's comes through the debugger, past the policy.
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = axe.Axe().run(visit.page, options=options).response["violations"]
    return [
        f"{fault['id']} ({fault['impact']}): {fault['help']}: {[node['target'] for node in fault['nodes'][:3]]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
def test_axe_finds_nothing_serious(browser: Any, address: str, scheme: str, width: int) -> None:
    visit = Visit(browser, address, viewport={"width": width, "height": 800}, color_scheme=scheme)
    found = faults(visit)
    visit.context.close()
    assert found == []


def test_axe_would_find_something(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    visit.page.evaluate(
        "document.getElementById('nt-arm').closest('label').replaceWith(document.getElementById('nt-arm'))"
    )
    found = faults(visit, "select-name")
    visit.context.close()
    assert [fault for fault in found if fault.startswith("select-name")]


@pytest.fixture
def shots(browser: Any, address: str) -> dict[str, bytes]:
    """The same part of the page: light twice, dark once, and another model's panels."""
    taken = {}
    for name, scheme, model in (
        ("light", "light", "llama-equal"),
        ("again", "light", "llama-equal"),
        ("dark", "dark", "llama-equal"),
        ("other", "light", "gpt2-equal"),
    ):
        visit = Visit(browser, address, viewport={"width": 1280, "height": 800}, color_scheme=scheme)
        visit.page.select_option("select[data-groups=figure-forest]", model)
        visit.page.locator("#figure-forest").scroll_into_view_if_needed()
        taken[name] = visit.page.locator("#figure-forest .panel:visible").first.screenshot(animations="disabled")
        visit.context.close()
    return taken


def test_the_screen_shows_the_same_twice_and_else_something_else(shots: dict[str, bytes]) -> None:
    assert shots["light"] == shots["again"]
    assert shots["light"] != shots["dark"]
    assert shots["light"] != shots["other"]


def test_everything_that_acts_is_reached_by_the_keyboard_and_named(browser: Any, address: str) -> None:
    visit = Visit(browser, address, viewport={"width": 1280, "height": 800})
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(400):
        visit.page.keyboard.press("Tab")
        reached.add(
            visit.page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id")
        )
        if "co-seed" in reached:
            break
    assert {"nt-arm", "co-arm", "co-seed", "SVG: Shift by family", "CSV: Next words before and after"} <= reached
    visit.context.close()
