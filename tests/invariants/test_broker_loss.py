"""Rows and sweepers suffice: a broker that refuses every message, or takes and forgets it, costs time and nothing else.

The brokers are real: one address where nobody listens, and kombu's memory transport that nobody reads.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import Celery

from config.celery import app
from ledger import books
from ledger.queries import balances_by_owner
from partners.models import Partner
from payments.models import Charge, StripeEvent
from people import clock
from people.models import Mail
from people.queries import local_day
from reports.models import Document
from reports.operations.request_document import request_statement
from shop.models import Order, StockHold, Variant
from tests.journeys.visitor import GOOD_CARD, Visitor
from tests.local_stripe import LocalStripe
from tests.shop.conftest import make_shelf

pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    """Where wake-ups go: `tried` were published, none is ever heard."""

    def __init__(self, address: str) -> None:
        self.celery = Celery("lost", broker=address, set_as_current=False)
        self.celery.conf.broker_connection_timeout = 0.2
        self.tried: list[str] = []
        self.refused = 0

    def send_task(self, name: str, **options: Any) -> None:
        self.tried.append(name)
        try:
            self.celery.send_task(name, **options)
        except Exception:
            self.refused += 1
            raise


@pytest.fixture(params=["amqp://guest@127.0.0.1:1//", "memory://"], ids=["refuses", "forgets"])
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Broker:
    lost = Broker(request.param)
    monkeypatch.setattr("people.wake.current_app", lost)
    return lost


@pytest.fixture(autouse=True)
def shelf(transactional_db: None) -> None:
    now = clock.wall_now()
    make_shelf(now, starts_on=now.date() - timedelta(days=30), ends_on=now.date() + timedelta(days=60))


@pytest.fixture
def visitor(live_server: Any, webhooks: LocalStripe) -> Visitor:
    return Visitor(live_server.url)


def sweep() -> None:
    """Each task that beat starts by itself, half a minute later."""
    app.loader.import_default_modules()
    Charge.objects.update(seen_at=clock.wall_now() - timedelta(minutes=1))
    Mail.objects.filter(state="queued").update(next_attempt_at=clock.wall_now())
    for entry in app.conf.beat_schedule.values():
        app.tasks[entry["task"]]()


def test_an_order_ends_paid_shared_and_told(visitor: Visitor, webhooks: LocalStripe, broker: Broker) -> None:
    visitor.fill_cart(valor=2, rehope=1, plain=1)
    visitor.send("/checkout/")
    visitor.pay_with(GOOD_CARD, come_back=False)
    webhooks.drain()
    webhooks.settle()
    webhooks.drain()
    assert (Order.objects.get().state, StripeEvent.objects.filter(state="done").exists()) == ("pending", False)

    sweep()
    sweep()

    order = Order.objects.get()
    assert order.state == Order.State.PAID
    assert not StripeEvent.objects.filter(state="received").exists()
    hope, house = (Partner.objects.get(slug=slug).owner for slug in ("dahlias-hope", "restoration-house-kc"))
    assert balances_by_owner("payable", local_day(clock.now())) == {hope: -960, house: -560}
    (mail,) = webhooks.mails("bea@example.org")
    assert "$9.60 to Dahlia's Hope" in str(mail)
    assert not Mail.objects.exclude(state="sent").exists()
    assert [finding for result in books.run() for finding in result.findings] == []
    assert "payments.tasks.process_events" in broker.tried
    assert broker.refused in (0, len(broker.tried))


def test_an_abandoned_checkout_gives_its_pieces_back(visitor: Visitor, webhooks: LocalStripe, broker: Broker) -> None:
    webhooks.pause_webhooks()
    visitor.fill_cart(valor=2)
    visitor.send("/checkout/")

    webhooks.advance(minutes=40)
    sweep()
    sweep()

    assert Order.objects.get().state == Order.State.EXPIRED
    assert not StockHold.objects.filter(state__in=StockHold.ON_SHELF).exists()
    assert Variant.objects.get(sku="VALOR-DARK").reserved == 0


def test_a_document_and_the_mail_that_waits_for_it_arrive(webhooks: LocalStripe, broker: Broker) -> None:
    now = clock.now()
    partner = Partner.objects.get(slug="dahlias-hope")
    document = request_statement(partner=partner, month=f"{local_day(now):%Y-%m}", by=None, now=now).document
    Mail.objects.create(
        key="statement",
        to="partner@example.org",
        subject="Your statement",
        text="It is attached.",
        attachment_ref=document.ref,
        attachment_name="statement.pdf",
        created_at=now,
        next_attempt_at=clock.wall_now(),
    )

    sweep()
    sweep()

    document.refresh_from_db()
    assert document.state == Document.State.READY
    (mail,) = webhooks.mails("partner@example.org")
    assert "statement.pdf" in str(mail)
    assert broker.tried.count("reports.tasks.render_documents") == 1
