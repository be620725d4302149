"""The desk leads nobody to a door that is closed to them: what each role is shown, it may open."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from people.access import ROLES
from tests.invariants import test_access
from tests.invariants.test_access import browser
from tests.partners.test_desk import words

pytestmark = pytest.mark.django_db
ana, ben, org, checking = test_access.ana, test_access.ben, test_access.org, test_access.checking
dahlias_hope, valor, known = test_access.dahlias_hope, test_access.valor, test_access.known

LINK = re.compile(r'<a [^>]*?href="(/[^"?#]*)')
OF_EACH_MAX = 2  # pages of one address that are opened, such as two payouts
READS_ALL = frozenset({
    "Desk", "Payouts", "Bank", "Months", "Partners", "Agreements", "Statements", "Stripe", "Exceptions", "History",
    "Roles", "Records",
})  # fmt: skip
READS_BOOKS = frozenset({"Desk", "Months", "Stripe", "Exceptions", "History", "Roles", "Records"})
SHOWN = {
    **dict.fromkeys(("finance preparer", "finance approver", "auditor"), READS_ALL),
    "board": READS_BOOKS,
    **dict.fromkeys(("catalogue", "fulfilment", "donor care", "no role"), frozenset({"Desk", "Records"})),
}


def navigation(page: str) -> dict[str, str]:
    found = re.search(r'<nav class="desk-nav".*?</nav>', page)
    return {text: href for href, text in re.findall(r'href="([^"]*)"[^>]*>([^<]*)', found[0])} if found else {}


@pytest.mark.parametrize("role", SHOWN)
def test_the_navigation_has_what_a_role_may_open_and_nothing_else(known: dict[str, Any], role: str) -> None:
    client = browser(role)

    links = navigation(words(client.get("/desk/")))

    assert set(links) == SHOWN[role]
    assert {href: client.get(href).status_code for href in links.values()} == dict.fromkeys(links.values(), 200)


@pytest.mark.parametrize("role", [*ROLES, "no role"])
def test_no_link_of_the_desk_is_refused(known: dict[str, Any], role: str) -> None:
    client = browser(role)

    refused = [f"{page} -> {href}: {status}" for page, href, status in followed(client) if status >= 400]

    assert not refused, "\n".join(refused)


def followed(client: Client) -> list[tuple[str, str, int]]:
    """Every link that can be reached from the desk, with the page it was on and the answer."""
    seen: Counter[str] = Counter()
    found, waiting = [], [("", "/desk/")]
    while waiting:
        page, href = waiting.pop()
        if href.startswith(("/console/", "/account/", "/static/")):
            continue
        answer = client.get(href, follow=True)
        found.append((page, href, answer.status_code))
        if "text/html" not in answer.get("Content-Type", ""):
            continue
        for link in dict.fromkeys(LINK.findall(words(answer))):
            route = resolve(link).route
            if link.startswith(("/desk/", "/partner/")) and link not in seen and seen[route] < OF_EACH_MAX:
                seen.update((link, route))
                waiting.append((href, link))
    return found
