"""A sandbox in this process, the real SDK talking to it over HTTP, and a shop that listens for its webhooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe

from sandbox.cards import CardInput
from sandbox.engine import PayResult
from sandbox.server import Options, Sandbox
from sandbox.settings import DAY_S, Settings

VISA = "4242424242424242"
SECRET = "whsec_test"
UNHURRIED = Settings(settle_delay_s=DAY_S)


class Shop:
    """What a shop does with Stripe: sessions through the SDK, and a payer at the page."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.stripe = stripe.StripeClient("sk_test_shop", base_addresses={"api": box.url})

    def session(self, amount_minor: int = 4200, **params: Any) -> stripe.checkout.Session:
        """An open session over one line."""
        return self.stripe.v1.checkout.sessions.create(self.session_params(amount_minor, **params))

    def session_params(self, amount_minor: int = 4200, **params: Any) -> Any:
        price = {"currency": "usd", "unit_amount": amount_minor, "product_data": {"name": "2 × Valor, Dark"}}
        line = {"quantity": 1, "price_data": price}
        return {
            "mode": "payment",
            "success_url": "http://shop.test/done?s={CHECKOUT_SESSION_ID}",
            "line_items": [line],
        } | params

    def monthly(self, amount_minor: int = 2500, **params: Any) -> stripe.checkout.Session:
        """An open session for a monthly gift."""
        price = {
            "currency": "usd",
            "unit_amount": amount_minor,
            "product_data": {"name": "Seed Collective"},
            "recurring": {"interval": "month"},
        }
        line = {"quantity": 1, "price_data": price}
        return self.session(**({"mode": "subscription", "line_items": [line]} | params))

    def setup(self, **params: Any) -> stripe.checkout.Session:
        """An open session that keeps a card."""
        given: Any = {"mode": "setup", "currency": "usd", "success_url": "http://shop.test/done"}
        return self.stripe.v1.checkout.sessions.create(given | params)

    def pay(self, session_id: str, number: str = VISA, **payer: Any) -> PayResult:
        card = CardInput(number, 12, 2034, "123", name="Ada Byron", postal="64111")
        return self.box.ctx.engine.pay(session_id, card, **({"email": "ada@example.org"} | payer))

    def bought(self, number: str = VISA, **params: Any) -> stripe.checkout.Session:
        """A paid session, read again."""
        session = self.session(**params)
        assert self.pay(session.id, number).state == "succeeded"
        return self.stripe.v1.checkout.sessions.retrieve(session.id)

    def subscribed(self, number: str = VISA, **params: Any) -> stripe.Subscription:
        """A running subscription, read again."""
        session = self.monthly(**params)
        assert self.pay(session.id, number).state == "succeeded"
        done = self.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
        assert isinstance(done.subscription, stripe.Subscription)
        return done.subscription

    def partner(self, **params: Any) -> str:
        """A connected account that may be paid; returns its id."""
        wished: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}} | params
        account = self.stripe.v1.accounts.create(wished)
        self.door(f"accounts/{account.id}/onboard")
        return account.id

    def advance(self, *, days: float = 0, hours: float = 0) -> int:
        """Move the clock; returns how many things fell due."""
        answer = self.door("clock", {"advance_s": int(days * DAY_S + hours * 3600)})
        return int(answer["ran"])

    def door(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST to the control door."""
        answer = requests.post(f"{self.box.url}/_sandbox/{path}", json=body or {}, timeout=30)
        return dict(answer.json()) | {"status": answer.status_code}

    def get(self, path: str) -> dict[str, Any]:
        """The body of a GET, as it comes over the wire."""
        headers = {"Authorization": "Bearer sk_test_shop"}
        answer = requests.get(f"{self.box.url}/v1/{path}", headers=headers, timeout=30)
        assert answer.ok, answer.text
        return dict(answer.json())

    def events(self) -> list[str]:
        """Types of everything that happened, oldest first."""
        return [event["type"] for event in self.box.ctx.store.all("event")]

    def events_since(self, count: int) -> list[str]:
        return self.events()[count:]


class Receiver:
    """A shop's webhook address: keeps verified events; answers `status`."""

    def __init__(self) -> None:
        self.events: list[stripe.Event] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signature = self.headers["Stripe-Signature"]
                receiver.events.append(stripe.Webhook.construct_event(body, signature, SECRET))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop at a fresh sandbox whose charges settle when the test says so; no webhooks."""
    box = Sandbox(Options(settings=UNHURRIED))
    box.start()
    yield Shop(box)
    box.stop()


@pytest.fixture
def listening_shop(receiver: Receiver) -> Iterator[Shop]:
    """The same with webhooks that go to `receiver`."""
    options = Options(webhook_url=receiver.url, webhook_secret=SECRET, retry_base_s=0.05, settings=UNHURRIED)
    box = Sandbox(options)
    box.start()
    yield Shop(box)
    box.stop()
