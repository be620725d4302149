"""Two people of finance close a month with nothing but a keyboard, each in a browser of their own."""

from __future__ import annotations

from typing import Any

import pytest

from config.demo.ground import Staff
from ledger.models import Period
from people import clock
from people.queries import local_day
from tests.browser.person import Person
from tests.browser.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


def press_by_keyboard(someone: Person, words: str) -> None:
    """Tab until the control with these words has the focus, then Enter; a mouse is never used."""
    page = someone.page
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate("(document.activeElement.innerText || '').trim()")
        if words in focused:
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring != "none", f"{words} shows no focus"
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no way by keyboard to '{words}' on {page.url}")


def type_by_keyboard(someone: Person, words: str) -> None:
    """Into the field that comes next."""
    for _ in range(80):
        someone.page.keyboard.press("Tab")
        if someone.page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            someone.page.keyboard.type(words)
            return
    raise AssertionError(f"no field by keyboard on {someone.page.url}")


def test_a_month_is_closed_by_keyboard(person: Any, team: list[Staff], worker: Worker) -> None:
    today = local_day(clock.now())
    yyyymm = today.year * 100 + today.month
    page = f"/desk/months/{yyyymm}/"
    petra, anton = person(phone=True), person()
    petra.sign_in(team[0].email, team[0])
    anton.sign_in(team[1].email, team[1])

    for someone in (petra, anton):
        for address, name in (("/desk/", "desk"), ("/desk/roles/", "roles")):
            someone.go(address)
            someone.look(name)
    petra.go("/desk/months/")
    petra.look("months")
    press_by_keyboard(petra, f"{today:%B %Y}")
    petra.page.wait_for_url(f"**{page}")
    petra.reads("Not checked")
    petra.look("month-open")
    with petra.page.expect_download():
        press_by_keyboard(petra, "Export the trial balance")
    petra.go(page)
    press_by_keyboard(petra, "Check this month")
    petra.reads("Checked")
    petra.look("month-checked")
    type_by_keyboard(petra, "The month is over.")
    press_by_keyboard(petra, "softly")
    petra.reads("Softly closed")
    type_by_keyboard(petra, "Every line of the bank is in.")
    press_by_keyboard(petra, "Ask to close")
    petra.reads("You asked, so another person decides")

    anton.go(page)
    anton.reads("Every line of the bank is in.")
    anton.look("month-asked")
    press_by_keyboard(anton, "Approve and close")
    anton.reads("How it stands closed")
    anton.look("month-closed")
    petra.go(page)
    petra.look("month-closed")

    for someone in (petra, anton):
        someone.go("/desk/history/")
        someone.look("history")

    assert Period.objects.get(pk=yyyymm).state == "closed"
