"""The pages that people see: paying with and without JavaScript, 3-D Secure, mail, the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox import pages
from sandbox.cards import CardInput
from sandbox.clock import Clock
from sandbox.context import Context
from sandbox.delivery import Deliverer, Endpoint
from sandbox.engine.types import PayResult
from sandbox.errors import no_such
from sandbox.mail import Mailbox

SHOP = "http://shop.test"
DONE = f"{SHOP}/done?session=cs_test_1"
CARD = {"email": "ada@example.org", "card_number": "4242 4242 4242 4242", "exp": "12 / 34", "cvc": "123"}


def session(**changes: Any) -> dict[str, Any]:
    """An open session of one line, two pairs for $48.00."""
    line = {
        "description": "2 × Valor, Dark <b>",
        "quantity": 2,
        "amount_subtotal": 4800,
        "currency": "usd",
        "price": {"recurring": None},
    }
    return {
        "id": "cs_test_1",
        "mode": "payment",
        "status": "open",
        "submit_type": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "amount_subtotal": 4800,
        "amount_total": 4800,
        "automatic_tax": {"enabled": False},
        "currency": "usd",
        "customer": None,
        "customer_email": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "total_details": {"amount_shipping": 0, "amount_tax": 0, "amount_discount": 0},
        "cancel_url": f"{SHOP}/cart",
        "success_url": f"{SHOP}/done?session={{CHECKOUT_SESSION_ID}}",
        "line_items": {"data": [line]},
    } | changes


@dataclass
class FakeEngine:
    """Answers what it is told to, and keeps what the page asked."""

    session: dict[str, Any] = field(default_factory=session)
    result: PayResult = field(default_factory=lambda: PayResult("succeeded", redirect_url=DONE))
    paid: list[tuple[CardInput, dict[str, Any]]] = field(default_factory=list)
    approved: list[bool] = field(default_factory=list)
    advanced_to: list[int] = field(default_factory=list)

    def session_for_page(self, session_id: str) -> dict[str, Any]:
        if session_id != self.session["id"]:
            raise no_such("checkout.session", session_id)
        return self.session

    def locate(self, session_id: str, **_: Any) -> dict[str, Any]:
        return self.session_for_page(session_id)

    def shipping_choices(self, session_id: str) -> list[dict[str, Any]]:
        return []

    def session_of_action(self, action_id: str) -> dict[str, Any]:
        return self.session_for_page("cs_test_1" if action_id == "act_1" else "")

    def pay(self, session_id: str, card: CardInput, **payer: Any) -> PayResult:
        assert session_id == self.session["id"]
        self.paid.append((card, payer))
        return self.result

    def complete_action(self, action_id: str, approve: bool) -> PayResult:
        self.approved.append(approve)
        return self.result

    def cancel_url(self, session_id: str) -> str | None:
        return self.session_for_page(session_id)["cancel_url"]

    def advance(self, unix_s: int) -> int:
        self.advanced_to.append(unix_s)
        return 3


@pytest.fixture
def ctx() -> Iterator[Context]:
    clock = Clock()
    context = Context(clock=clock)
    context.engine = FakeEngine()  # type: ignore[assignment]
    context.deliverer = Deliverer(clock, [Endpoint(f"{SHOP}/hook", "whsec_x")])
    context.deliverer.paused = True
    context.mailbox = Mailbox(clock)
    yield context
    context.deliverer.stop()


@pytest.fixture
def engine(ctx: Context) -> FakeEngine:
    return ctx.engine  # type: ignore[return-value]


@pytest.fixture
def visitor(ctx: Context) -> FlaskClient:
    app = Flask("sandbox", static_folder=None)
    pages.register(app, ctx)
    return app.test_client()


def test_payment_page_shows_what_is_bought_and_that_it_is_a_test(visitor: FlaskClient) -> None:
    page = visitor.get("/c/pay/cs_test_1")

    assert page.status_code == 200
    assert "Test payment, no real card" in page.text
    assert "Pay $48.00" in page.text
    assert "2 × Valor, Dark &lt;b&gt;" in page.text
    assert f'href="{SHOP}/cart"' in page.text


def test_paying_redirects_to_the_shop(visitor: FlaskClient, engine: FakeEngine) -> None:
    answer = visitor.post("/c/pay/cs_test_1", data=CARD | {"name": "Ada L", "postal": "64111"})

    assert (answer.status_code, answer.headers["Location"]) == (303, DONE)
    card, payer = engine.paid[0]
    assert card == CardInput("4242 4242 4242 4242", 12, 2034, "123", "Ada L", "64111")
    assert payer == {"email": "ada@example.org", "name": "Ada L", "shipping": None, "state": None}


def test_a_ticked_test_card_is_enough_without_javascript(visitor: FlaskClient, engine: FakeEngine) -> None:
    form = {"email": "ada@example.org", "test_card": "378282246310005", "card_number": "", "exp": "", "cvc": ""}

    visitor.post("/c/pay/cs_test_1", data=form)

    card = engine.paid[0][0]
    assert (card.number, card.exp_month, card.exp_year, card.cvc) == ("378282246310005", 12, 2034, "1234")


def test_a_typed_number_wins_over_a_ticked_card(visitor: FlaskClient, engine: FakeEngine) -> None:
    visitor.post("/c/pay/cs_test_1", data=CARD | {"test_card": "4000000000000002"})

    refused = visitor.post("/c/pay/cs_test_1", data=CARD | {"test_card": "4000000000000002", "cvc": ""})

    assert [card.number for card, _ in engine.paid] == ["4242 4242 4242 4242"]
    assert "Enter the security code." in refused.text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"email": "ada"}, "Enter an e-mail address"),
        ({"email": ""}, "Enter an e-mail address"),
        ({"card_number": ""}, "Enter a card number"),
        ({"exp": "soon"}, "Enter month and year"),
        ({"cvc": ""}, "Enter the security code"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_paid(
    visitor: FlaskClient, engine: FakeEngine, change: dict[str, str], complaint: str
) -> None:
    answer = visitor.post("/c/pay/cs_test_1", data=CARD | {"name": "Ada Kept"} | change)

    assert answer.status_code == 400
    assert complaint in answer.text
    assert "Ada Kept" in answer.text
    assert engine.paid == []


@pytest.mark.parametrize("typed", ["12/34", "12 / 34", "1234", "12/2034", "12-34"])
def test_expiry_is_read_however_it_is_typed(visitor: FlaskClient, engine: FakeEngine, typed: str) -> None:
    visitor.post("/c/pay/cs_test_1", data=CARD | {"exp": typed})

    card = engine.paid[0][0]
    assert (card.exp_month, card.exp_year) == (12, 2034)


def test_a_declined_card_is_told_and_the_entry_kept(visitor: FlaskClient, engine: FakeEngine) -> None:
    engine.result = PayResult("declined", message="Your card has insufficient funds.")

    answer = visitor.post("/c/pay/cs_test_1", data=CARD)

    assert answer.status_code == 402
    assert "Your card was not charged." in answer.text
    assert "Your card has insufficient funds." in answer.text
    assert "ada@example.org" in answer.text


def test_the_shops_email_cannot_be_changed(visitor: FlaskClient, engine: FakeEngine) -> None:
    engine.session["customer_email"] = "grace@example.org"

    page = visitor.get("/c/pay/cs_test_1")
    visitor.post("/c/pay/cs_test_1", data=CARD)

    assert 'name="email"' not in page.text
    assert engine.paid[0][1]["email"] == "grace@example.org"


def test_shipping_is_asked_for_where_the_session_collects_it(visitor: FlaskClient, engine: FakeEngine) -> None:
    engine.session["shipping_address_collection"] = {"allowed_countries": ["US", "CA"]}
    where = {"name": "Grace", "line1": "1 Main St", "city": "Kansas City", "state": "MO", "postal_code": "64111"}
    typed = {f"shipping_{name}": value for name, value in where.items()}

    refused = visitor.post("/c/pay/cs_test_1", data=CARD)
    visitor.post("/c/pay/cs_test_1", data=CARD | typed | {"shipping_country": "CA"})

    assert refused.status_code == 400
    assert "Enter the street and number." in refused.text
    assert len(engine.paid) == 1
    shipping = engine.paid[0][1]["shipping"]
    assert shipping["name"] == "Grace"
    assert shipping["address"] == {
        "line1": "1 Main St",
        "line2": None,
        "city": "Kansas City",
        "state": "MO",
        "postal_code": "64111",
        "country": "CA",
    }


def test_a_monthly_gift_says_so_on_the_button(visitor: FlaskClient, engine: FakeEngine) -> None:
    engine.session["mode"] = "subscription"
    engine.session["line_items"]["data"][0]["price"]["recurring"] = {"interval": "month", "interval_count": 1}

    assert "Subscribe $48.00 per month</button>" in visitor.get("/c/pay/cs_test_1").text


def test_three_d_secure_is_asked_then_approved(visitor: FlaskClient, engine: FakeEngine) -> None:
    engine.result = PayResult("requires_action", action_id="act_1")
    asked = visitor.post("/c/pay/cs_test_1", data=CARD)
    engine.result = PayResult("succeeded", redirect_url=DONE)

    page = visitor.get(asked.headers["Location"])
    done = visitor.post(asked.headers["Location"], data={"answer": "approve"})

    assert "Is it you, paying $48.00" in page.text
    assert (done.status_code, done.headers["Location"], engine.approved) == (303, DONE, [True])


def test_refusing_three_d_secure_leads_back_with_the_reason(visitor: FlaskClient, engine: FakeEngine) -> None:
    engine.result = PayResult("declined", message="unused")

    back = visitor.post("/c/authenticate/act_1", data={"answer": "refuse"})
    page = visitor.get(back.headers["Location"])

    assert engine.approved == [False]
    assert "Your card was not charged." in page.text
    assert "unable to authenticate" in page.text


def test_what_was_typed_before_three_d_secure_is_still_there_but_not_the_card(
    visitor: FlaskClient, ctx: Context
) -> None:
    address = {"line1": "1 Main St", "line2": None, "country": "CA"}
    payer = {"email": "ada@example.org", "name": "Ada L", "shipping": {"name": "Grace", "address": address}}
    ctx.store.private["cs_test_1"] = {"payer": payer}
    ctx.engine.session["shipping_address_collection"] = {"allowed_countries": ["US", "CA"]}  # type: ignore[attr-defined]

    page = visitor.get("/c/pay/cs_test_1?notice=not-authenticated").text

    for value in ("ada@example.org", "Ada L", "Grace", "1 Main St"):
        assert f'value="{value}"' in page
    assert '<option value="CA" selected>' in page
    assert 'name="card_number" type="text" value=""' in page


def test_an_ended_checkout_takes_no_card(visitor: FlaskClient, engine: FakeEngine) -> None:
    engine.session["status"] = "expired"

    page = visitor.get("/c/pay/cs_test_1")
    paid = visitor.post("/c/pay/cs_test_1", data=CARD)

    assert (page.status_code, paid.status_code, engine.paid) == (410, 410, [])
    assert "This checkout has ended" in page.text
    assert f'href="{SHOP}/cart"' in page.text


def test_a_paid_checkout_leads_on_to_the_shop(visitor: FlaskClient, engine: FakeEngine) -> None:
    engine.session["status"] = "complete"

    assert f'href="{DONE}"' in visitor.get("/c/pay/cs_test_1").text


@pytest.mark.parametrize("path", ["/c/pay/cs_other", "/c/authenticate/act_2", "/mail/mail_x", "/objects/charge/ch_1"])
def test_what_is_not_there_is_a_page_with_404(visitor: FlaskClient, path: str) -> None:
    page = visitor.get(path)

    assert page.status_code == 404
    assert "<h1>Not found</h1>" in page.text


def letter() -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "Your code"
    mail["From"] = "Tassel <shop@example.org>"
    mail["To"] = "ada@example.org"
    mail.set_content("<b>Sign in</b>: http://shop.test/in?code=1&x=2.\n")
    mail.add_alternative("<h1>Sign in</h1><script>alert(1)</script>", subtype="html")
    mail.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="statement.pdf")
    return mail.as_bytes()


def test_a_mail_can_be_read_clicked_and_its_file_taken(visitor: FlaskClient, ctx: Context) -> None:
    message = ctx.mailbox.receive("shop@example.org", ["ada@example.org"], letter())

    page = visitor.get(f"/mail/{message.id}")
    frame = visitor.get(f"/mail/{message.id}/html")
    file = visitor.get(f"/mail/{message.id}/attachments/1")

    assert "Your code" in visitor.get("/mail").text
    assert 'href="http://shop.test/in?code=1&amp;x=2"' in page.text
    assert "&lt;b&gt;Sign in&lt;/b&gt;" in page.text
    assert "<script>alert" not in page.text
    assert "sandbox allow-popups" in frame.headers["Content-Security-Policy"]
    assert "script-src" not in frame.headers["Content-Security-Policy"]
    assert (file.data, file.mimetype) == (b"%PDF-1", "application/pdf")
    assert "statement.pdf" in file.headers["Content-Disposition"]
    assert visitor.get(f"/mail/{message.id}/attachments/2").status_code == 404


def test_mail_json_is_chosen_by_recipient(visitor: FlaskClient, ctx: Context) -> None:
    ctx.mailbox.receive("shop@example.org", ["ada@example.org"], letter())
    ctx.mailbox.receive("shop@example.org", ["grace@example.org"], letter())

    found = visitor.get("/mail.json?to=GRACE@example.org").get_json()["messages"]

    assert [message["to"] for message in found] == [["grace@example.org"]]
    assert found[0]["attachments"] == [{"filename": "statement.pdf", "content_type": "application/pdf", "bytes": 6}]


def test_dashboard_moves_the_clock_forward_only(visitor: FlaskClient, ctx: Context, engine: FakeEngine) -> None:
    before = ctx.now()

    moved = visitor.post("/clock", data={"advance_s": "3600"}, follow_redirects=True)
    refused = visitor.post("/clock", data={"to": "2001-01-01T00:00"}, follow_redirects=True)

    assert len(engine.advanced_to) == 1
    assert 3600 <= engine.advanced_to[0] - before <= 3602
    assert "3 things fell due" in moved.text
    assert "Choose a moment that lies ahead" in refused.text


def an_event(ctx: Context) -> None:
    ctx.store.add(
        {"id": "pi_12345678901234", "object": "payment_intent", "status": "succeeded", "capture_method": "now"}
    )
    ctx.store.add(
        {
            "id": "evt_12345678901234",
            "object": "event",
            "type": "payment_intent.succeeded",
            "created": 1_800_000_000,
            "data": {"object": {"id": "pi_12345678901234"}},
        }
    )


def test_dashboard_shows_events_and_sends_one_again(visitor: FlaskClient, ctx: Context) -> None:
    an_event(ctx)

    page = visitor.get("/")
    again = visitor.post("/events/evt_12345678901234/resend", follow_redirects=True)

    assert "payment_intent.succeeded" in page.text
    assert "evt_12345678901234 goes to 1 endpoint again" in again.text
    assert [row["event"] for row in ctx.deliverer.pending] == ["evt_12345678901234"]


def test_webhooks_are_held_back_and_released(visitor: FlaskClient, ctx: Context) -> None:
    visitor.post("/webhooks", data={"paused": "false"})
    released = ctx.deliverer.paused
    visitor.post("/webhooks", data={"paused": "true"})

    assert (released, ctx.deliverer.paused) == (False, True)


def test_an_object_shows_its_json_with_links_and_its_events(visitor: FlaskClient, ctx: Context) -> None:
    an_event(ctx)

    page = visitor.get("/objects/payment_intent/pi_12345678901234")
    found = visitor.get("/find/pi_12345678901234")

    assert '<a href="/find/pi_12345678901234">pi_12345678901234</a>' in page.text
    assert "/find/capture_method" not in page.text
    assert "payment_intent.succeeded" in page.text
    assert found.headers["Location"].endswith("/objects/payment_intent/pi_12345678901234")
    assert "pi_12345678901234" in visitor.get("/objects/payment_intent").text


def test_pages_allow_no_inline_script_but_do_not_stop_the_redirect_to_the_shop(visitor: FlaskClient) -> None:
    policy = visitor.get("/c/pay/cs_test_1").headers["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "form-action" not in policy


@pytest.mark.parametrize("path", ["/_pages/pay.js", "/_pages/pages.css", "/_pages/icon.svg"])
def test_static_files_are_served(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).status_code == 200


def test_an_unknown_font_is_missing(visitor: FlaskClient) -> None:
    assert visitor.get("/_pages/fonts/other.ttf").status_code == 404
