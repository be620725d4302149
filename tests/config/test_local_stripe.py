"""The fixtures that other tests lean on: the sandbox is shared rightly and emptied, the browser meets no other host."""

from __future__ import annotations

from datetime import timedelta

import pytest
import stripe
from django.core.mail import send_mail
from playwright.sync_api import Error, Page
from pytest_django.live_server_helper import LiveServer

from people import clock
from people.models import Organisation
from tests.local_stripe import LocalStripe


def client(sandbox: LocalStripe) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_sandbox", base_addresses={"api": sandbox.url}, max_network_retries=0)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_finds_an_empty_stripe(sandbox: LocalStripe, turn: str) -> None:
    api = client(sandbox).v1

    assert [customer.name for customer in api.customers.list().data] == []
    assert sandbox.mails() == []

    api.customers.create({"name": turn})
    send_mail("Hello", turn, None, ["dana@example.org"])
    assert [customer.name for customer in api.customers.list().data] == [turn]
    assert [mail["subject"] for mail in sandbox.mails("dana@example.org")] == ["Hello"]
    assert sandbox.mails("eli@example.org") == []


def test_clock_is_shared_and_starts_at_wall_time(sandbox: LocalStripe) -> None:
    assert abs(clock.now() - clock.wall_now()) < timedelta(seconds=5)

    sandbox.advance(days=31)

    assert abs(clock.now() - clock.wall_now() - timedelta(days=31)) < timedelta(seconds=5)


def test_webhooks_are_held_back(sandbox: LocalStripe) -> None:
    api = client(sandbox).v1
    api.customers.create({"name": "Dana"})

    sandbox.drain(timeout_s=0.5, expect=False)

    assert [event.type for event in api.events.list().data] == ["customer.created"]
    assert sandbox.deliveries() == []


@pytest.mark.browser
def test_browser_reaches_no_other_machine(page: Page) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("https://example.org/")


@pytest.mark.browser
def test_browser_reaches_the_sandbox(page: Page, sandbox: LocalStripe) -> None:
    page.goto(sandbox.url)

    assert "Stripe" in page.content()


@pytest.mark.django_db(transaction=True)
def test_webhooks_reach_the_live_server(webhooks: LocalStripe) -> None:
    client(webhooks).v1.customers.create({"name": "Dana"})

    webhooks.drain()

    assert [delivery["status"] for delivery in webhooks.deliveries()] == [200]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_browser_sees_a_styled_page(page: Page, live_server: LiveServer) -> None:
    Organisation.objects.create(display_name="Tassel Collective")
    answers = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright takes no built-in

    page.goto(live_server.url)

    assert {answer.status for answer in answers} == {200}
    assert any(answer.url.endswith("/static/site.css") for answer in answers)
