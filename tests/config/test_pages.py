"""Every page by its rules: strict CSP, nothing inline, one heading, words for machines; health doors; a calm 404."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.db import OperationalError, connection
from django.test import Client

from partners.models import Partner
from people.access import ROLES
from people.models import Organisation, User
from reports.operations.publish_document import publish_document
from reports.operations.request_document import request_statement
from reports.tasks import render_documents
from shop.operations.place_order import place_order
from tests.config.conftest import NOW
from tests.ledger.closing import close
from tests.roles import give
from tests.shop.conftest import filled_cart

pytestmark = pytest.mark.django_db
STARTS = (
    "/",
    "/shop/",
    "/cart/",
    "/give/",
    "/partners/",
    "/verify/",
    "/my/",
    "/desk/",
    "/console/",
    "/api/v1/docs",
    "/account/login/code/",
    "/account/2fa/",
    "/no/such/page/",
)
NOT_PAGES = re.compile(r"^/(static|documents|api/v1/schema)|logout|jsi18n|/delete/|\.csv$")
EVENT_HANDLER = re.compile(r"^on[a-z]+$")


class Page(HTMLParser):
    """What is looked for in a page: links, headings, ids, and anything inline."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.title, self.language = "", ""
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._open = tag
        self.inline += [f"<{tag} {name}>" for name in found if name == "style" or EVENT_HANDLER.match(name)]
        if (tag == "script" and "src" not in found and found.get("type") != "application/json") or tag == "style":
            self.inline.append(f"<{tag}>")
        if (found.get("href") or "").startswith("javascript:"):
            self.inline.append(f"<{tag} href=javascript:>")
        if tag == "a" and found.get("href"):
            self.links.add(str(found["href"]))
        if tag == "html":
            self.language = str(found.get("lang"))
        if tag == "h1":
            self.headings.append("h1")
        if found.get("id"):
            self.ids.append(str(found["id"]))

    def handle_data(self, data: str) -> None:
        if self._open == "title" and not self.title:
            self.title = data.strip()

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


@pytest.fixture
def crowded(shelf: None) -> str:
    """A shop with an order and a published statement; returns the address of the order."""
    staff = User.objects.get(email="anton@tassel.example")
    close(202609)
    document = request_statement(
        partner=Partner.objects.get(slug="dahlias-hope"), month="2026-09", by=None, now=NOW
    ).document
    assert render_documents() == 1
    publish_document(document_id=document.pk, by=staff, now=NOW)
    placed = place_order(cart_id=filled_cart(VALOR_DARK=2, PLAIN=1), currency="usd", now=NOW)
    return f"/orders/{placed.token}/"


@pytest.fixture
def everybody(db: None) -> Client:
    """A browser that may open every door."""
    user = User.objects.create_superuser("olive@tassel.example", name="Olive")
    give(user, *ROLES)
    Authenticator.objects.create(user=user, type="totp", data={})
    client = Client()
    client.force_login(user)
    return client


def walk(client: Client, *starts: str) -> Iterator[tuple[str, Any]]:
    """Every page that can be reached by links, one address of each kind in the console."""
    waiting, seen = list(starts), set()
    while waiting:
        address = waiting.pop(0)
        if address in seen or NOT_PAGES.search(address):
            continue
        seen.add(address)
        answer = client.get(address, follow=True)
        if answer.get("Content-Disposition", "").startswith("attachment"):
            continue  # a file
        yield address, answer
        if "text/html" not in answer["Content-Type"]:
            continue
        for link in Page(answer.content.decode()).links:
            parts = urlsplit(urljoin(f"http://testserver{address}", link))
            if parts.netloc == "testserver" and "?" not in link:
                waiting.append(parts.path)


def nonce(policy: str) -> str:
    found = re.search(r"script-src 'nonce-([A-Za-z0-9+/=_-]+)'", policy)
    return found[1] if found else ""


def test_every_page_keeps_the_rules(crowded: str, everybody: Client) -> None:
    broken, pages = [], 0

    for address, answer in walk(everybody, *STARTS, crowded):
        page = Page(answer.content.decode())
        policy = answer.get("Content-Security-Policy", "") + ";"  # the directives come in any order: each ends alike
        pages += 1
        rules = {
            "answers": answer.status_code in (200, 404),
            "a page, or not there": answer.status_code == 200 or address == "/no/such/page/",
            "nothing inline": page.inline == [],
            "scripts of ours only": re.search(r"script-src ('nonce-[^']+' )?'self';", policy) is not None,
            "a nonce where our template is used": bool(nonce(policy)) or address.startswith("/console/"),
            "policy without exceptions": "unsafe" not in policy and "*" not in policy,
            "no framing": "frame-ancestors 'none'" in policy and answer["X-Frame-Options"] == "DENY",
            "no guessing of types": answer["X-Content-Type-Options"] == "nosniff",
            "no address to other sites": answer["Referrer-Policy"] in ("same-origin", "no-referrer"),
            "title": len(page.title) > 3,
            "language": page.language.startswith("en"),
            "one heading": len(page.headings) == 1 or address.startswith("/console/"),
            "each id once": len(page.ids) == len(set(page.ids)) or address.startswith("/console/"),
        }
        broken += [f"{address}: {rule} ({page.inline or ''})" for rule, kept in rules.items() if not kept]

    assert "\n".join(broken) == ""
    assert pages > 60


def test_each_answer_has_a_nonce_of_its_own(shelf: None, client: Client) -> None:
    nonces = {nonce(client.get("/")["Content-Security-Policy"]) for _ in range(5)}

    assert len(nonces) == 5
    assert all(len(value) >= 16 for value in nonces)


def test_forms_may_lead_to_the_payment_page_and_nowhere_else(shelf: None, client: Client, settings: Any) -> None:
    policy = client.get("/cart/")["Content-Security-Policy"]

    assert (
        f"form-action 'self' https://checkout.stripe.com https://connect.stripe.com {settings.STRIPE_API_BASE};"
        in f"{policy};"
    )


# The front page


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_front_page_says_what_it_is(crowded: str, client: Client) -> None:
    page = words(client.get("/"))

    for said in (
        "Valor tassel earrings",
        "$4.80 goes to Dahlia&#x27;s Hope",
        "$5.60 goes to Restoration House KC",
        "Join the Seed Collective",
        "What reached partners in September 2026",
        "Nothing was paid out in that month yet.",
    ):
        assert said in page


def test_the_front_page_costs_few_queries(crowded: str, client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        assert "$4.80 goes to" in words(client.get("/"))


def test_an_empty_house_has_a_front_page_and_a_way_in(client: Client) -> None:
    """Before the organisation is entered, staff must be able to sign in to enter it."""
    assert client.get("/account/login/code/").status_code == 200
    Organisation.objects.create(display_name="Tassel Collective")

    assert "There is nothing on the shelf just now." in words(client.get("/"))


# What is not there


@pytest.mark.parametrize(
    "address", ["/no/such/page/", "/shop/no-such-design/", "/orders/wrong/", "/give/thanks/wrong/", "/partners/nobody/"]
)
def test_what_is_missing_is_said_in_our_own_words(address: str, shelf: None, client: Client) -> None:
    answer = client.get(address)

    assert answer.status_code == 404
    assert "There is nothing at this address" in words(answer)
    assert 'href="/static/site.css"' in words(answer)


def test_a_fault_is_a_page_without_secrets(shelf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("sk_live_secret")

    monkeypatch.setattr("config.views.catalogue", break_down)

    answer = Client(raise_request_exception=False).get("/")

    assert answer.status_code == 500
    assert b"sk_live_secret" not in answer.content
    assert b"<h1" in answer.content


# Health


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused by db.internal")

    monkeypatch.setattr(connection, "cursor", refuse)


def test_the_process_lives_and_is_ready(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        live = client.get("/health/live")
    ready = client.get("/health/ready")

    assert (live.status_code, live.json()) == (200, {"status": "ok", "environment": "test"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})
    assert client.head("/health/ready").status_code == 200
    assert client.post("/health/ready").status_code == 405


def test_without_a_database_it_lives_and_is_not_ready(client: Client, no_database: None) -> None:
    ready = client.get("/health/ready")

    assert client.get("/health/live").status_code == 200
    assert (ready.status_code, ready.json()) == (503, {"status": "database unreachable"})


def test_health_is_never_remembered_by_a_proxy(client: Client) -> None:
    for address in ("/health/live", "/health/ready"):
        assert "no-store" in client.get(address)["Cache-Control"]


@pytest.mark.parametrize("address", ["/", "/shop/", "/no/such/page/"])
def test_without_a_database_a_page_says_so_calmly(address: str, shelf: None, no_database: None) -> None:
    answer = Client(raise_request_exception=False).get(address)

    assert answer.status_code in (404, 500, 503)
    assert b"<h1" in answer.content
    assert b"db.internal" not in answer.content
