"""Log lines are for operators: one a request, with the route and never the path; no token, address or person."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from people.models import User

TOKEN = "Zm9yIGEgc2VjcmV0IGxpbms"
PERSON, ADDRESS = "ada.lovelace@example.org", "203.0.113.77"
SECRETS = (TOKEN, "ada.lovelace", ADDRESS, "SecretAgent")


@pytest.fixture
def lines(shelf: None) -> Iterator[io.StringIO]:
    """What the handler that production uses writes while the test runs."""
    handler: Any = next(handler for handler in logging.getLogger().handlers if handler.name == "console")
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def read(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def requests(lines: io.StringIO) -> list[tuple[str, str, int]]:
    return [
        (line["method"], line["route"], line["status"]) for line in read(lines) if line["logger"] == "tassel.request"
    ]


@pytest.fixture
def browser() -> Client:
    client = Client(
        raise_request_exception=False,
        REMOTE_ADDR=ADDRESS,
        headers={"User-Agent": "SecretAgent", "Referer": f"/{TOKEN}"},
    )
    client.force_login(User.objects.create_user(PERSON, name="Ada Lovelace"))
    return client


def test_one_line_a_request(lines: io.StringIO, browser: Client) -> None:
    browser.get("/")

    (line,) = read(lines)
    assert (line["method"], line["route"], line["status"], line["level"]) == ("GET", "", 200, "info")
    assert line["duration_ms"] >= 0
    assert len(line["request_id"]) == 32


@pytest.mark.parametrize(
    ("address", "route", "status"),
    [
        (f"/orders/{TOKEN}/", "orders/<str:token>/", 404),
        (f"/orders/{TOKEN}/return/?session_id={TOKEN}", "orders/<str:token>/return/", 404),
        (f"/give/thanks/{TOKEN}/", "give/thanks/<str:token>/", 404),
        (f"/api/v1/orders/{TOKEN}", "api/v1/orders/<str:token>", 404),
        (f"/no/such/{TOKEN}/?email={PERSON}", "", 404),
        (f"/account/login/code/?next=/{TOKEN}", "account/login/code/", 302),
    ],
)
def test_neither_token_nor_address_nor_person(
    address: str, route: str, status: int, lines: io.StringIO, browser: Client
) -> None:
    browser.get(address)

    assert requests(lines) == [("GET", route, status)]
    assert not [secret for secret in SECRETS if secret in lines.getvalue()]


def test_what_is_typed_stays_out(lines: io.StringIO) -> None:
    visitor = Client(REMOTE_ADDR=ADDRESS)

    visitor.post("/account/login/code/", {"email": PERSON})
    visitor.post("/give/", {"email": PERSON, "amount": "25", "name": "Ada Lovelace"})

    assert len(requests(lines)) == 2
    assert not [secret for secret in (*SECRETS, "Lovelace") if secret in lines.getvalue()]


def test_a_fault_is_written_down_without_the_link(
    lines: io.StringIO, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("the reason")

    monkeypatch.setattr("shop.views.orders.order_by_token", break_down)

    answer = browser.get(f"/orders/{TOKEN}/")

    fault = next(line for line in read(lines) if line["level"] == "error")
    assert fault["event"] == "Internal Server Error: orders/<str:token>/"
    assert "RuntimeError: the reason" in fault["exception"]
    assert requests(lines) == [("GET", "orders/<str:token>/", 500)]
    assert not [secret for secret in SECRETS if secret in lines.getvalue()]
    assert answer.status_code == 500
    assert b"RuntimeError" not in answer.content


def test_a_refused_form_is_written_down_without_the_link(lines: io.StringIO) -> None:
    answer = Client(enforce_csrf_checks=True).post("/checkout/", {"email": PERSON})

    assert answer.status_code == 403
    assert requests(lines) == [("POST", "checkout/", 403)]
    assert PERSON not in lines.getvalue()


def test_nobody_can_forge_a_line(lines: io.StringIO, browser: Client) -> None:
    browser.get("/no/such/page%0a%7B%22event%22%3A%22forged%22%7D/")

    assert [line["event"] for line in read(lines)] == ["request"]


def test_lines_of_one_request_share_its_number(
    lines: io.StringIO, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.views.orders.order_by_token", lambda *_: 1 / 0)

    browser.get(f"/orders/{TOKEN}/")
    browser.get("/")

    numbers = [line["request_id"] for line in read(lines)]
    assert len(numbers) == 3
    assert len(set(numbers)) == 2
