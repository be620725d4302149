"""ACH debits: the checkout is complete at once and paid days later, or never."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from sandbox.engine import PayResult
from sandbox.settings import Settings
from tests.sandbox.conftest import Shop

PAYS = "000123456789"
CLOSED = "000111111113"
WAITS = "000000000009"


def debit(shop: Shop, session: stripe.checkout.Session, number: str = PAYS, **payer: Any) -> PayResult:
    return shop.box.ctx.engine.debit(session.id, number, **({"email": "ada@example.org", "name": "Ada"} | payer))


def debited(shop: Shop, number: str = PAYS, **params: Any) -> tuple[stripe.checkout.Session, stripe.Charge]:
    """A completed session and its pending charge."""
    session = shop.session(**params)
    assert debit(shop, session, number).state == "succeeded"
    session = shop.stripe.v1.checkout.sessions.retrieve(session.id)
    return session, shop.stripe.v1.charges.list({"payment_intent": session.payment_intent}).data[0]


@pytest.mark.parametrize(("amount", "fee"), [(4200, 34), (50, 0), (63, 1), (62_500, 500), (1_000_000, 500)])
def test_the_fee_has_a_ceiling(amount: int, fee: int) -> None:
    assert Settings().debit_fee_minor(amount) == fee


def test_complete_is_not_paid(shop: Shop) -> None:
    seen = len(shop.events())

    session, charge = debited(shop)

    assert (session.status, session.payment_status, session.url) == ("complete", "unpaid", None)
    assert (charge.status, charge.paid, charge.balance_transaction) == ("pending", False, None)
    assert charge.payment_method_details.us_bank_account.last4 == "6789"
    intent = shop.stripe.v1.payment_intents.retrieve(session.payment_intent)
    assert (intent.status, intent.amount_received) == ("processing", 0)
    assert shop.events_since(seen) == [
        "payment_intent.created",
        "charge.pending",
        "payment_intent.processing",
        "checkout.session.completed",
    ]


def test_days_later_it_is_paid(shop: Shop) -> None:
    session, charge = debited(shop)
    shop.advance(days=3)
    assert shop.stripe.v1.charges.retrieve(charge.id).status == "pending"
    seen = len(shop.events())

    shop.advance(days=1)
    shop.door("settle")

    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    charge = shop.stripe.v1.charges.retrieve(charge.id, {"expand": ["balance_transaction"]})
    entry = charge.balance_transaction
    assert (charge.status, charge.paid) == ("succeeded", True)
    assert (entry.amount, entry.fee, entry.net) == (4200, 34, 4166)
    assert (entry.type, entry.reporting_category) == ("payment", "charge")
    assert shop.events_since(seen) == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
        "charge.updated",
    ]


def test_days_later_it_comes_back(shop: Shop) -> None:
    session, charge = debited(shop, CLOSED)
    seen = len(shop.events())

    shop.advance(days=4)
    shop.door("settle")

    session = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert session.payment_intent.status == "requires_payment_method"
    assert session.payment_intent.last_payment_error.code == "account_closed"
    charge = shop.stripe.v1.charges.retrieve(charge.id)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, "account_closed")
    assert shop.stripe.v1.balance_transactions.list().data == []
    assert shop.events_since(seen) == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]


def test_the_door_decides_at_once(shop: Shop) -> None:
    _, paid = debited(shop, WAITS)
    _, back = debited(shop)
    shop.advance(days=3)

    shop.door(f"charges/{paid.id}/succeed")
    shop.door(f"charges/{back.id}/fail", {"code": "debit_not_authorized"})
    shop.advance(days=30)

    assert shop.stripe.v1.charges.retrieve(paid.id).status == "succeeded"
    assert shop.stripe.v1.charges.retrieve(back.id).failure_code == "debit_not_authorized"
    assert shop.events().count("checkout.session.async_payment_failed") == 1
    assert shop.door(f"charges/{paid.id}/fail")["status"] == 400, "it has been decided"
    assert shop.door(f"charges/{back.id}/succeed")["status"] == 400
    assert shop.door(f"charges/{debited(shop)[1].id}/fail", {"code": "bad luck"})["status"] == 400


def test_a_pending_debit_cannot_be_refunded(shop: Shop) -> None:
    _, charge = debited(shop, WAITS)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.v1.refunds.create({"charge": charge.id})

    assert refusal.value.code == "charge_not_refundable"


def test_a_paid_debit_is_refunded_by_a_payment_refund(shop: Shop) -> None:
    _, charge = debited(shop)
    shop.advance(days=4)

    made = shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 1000})
    shop.advance(hours=1)

    entry = shop.stripe.v1.balance_transactions.retrieve(str(made.balance_transaction))
    assert made.id.startswith("pyr_")
    assert (made.status, shop.stripe.v1.refunds.retrieve(made.id).status) == ("pending", "succeeded")
    assert (entry.type, entry.reporting_category, entry.net) == ("payment_refund", "refund", -1000)


def test_a_paid_debit_can_be_disputed(shop: Shop) -> None:
    _, charge = debited(shop)
    shop.advance(days=4)

    made = shop.door(f"charges/{charge.id}/dispute", {"reason": "debit_not_authorized"})

    assert (made["reason"], made["payment_method_details"]) == ("debit_not_authorized", None)


def test_bank_accounts_are_offered_for_dollars_paid_once(shop: Shop) -> None:
    assert shop.session().payment_method_types == ["card", "us_bank_account"]
    assert shop.session(excluded_payment_method_types=["us_bank_account"]).payment_method_types == ["card"]
    assert shop.session(allowed_payment_method_types=["card"]).payment_method_types == ["card"]
    assert shop.session(payment_intent_data={"setup_future_usage": "off_session"}).payment_method_types == ["card"]
    assert shop.monthly().payment_method_types == ["card"]
    euros: Any = {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Valor"}}
    assert shop.session(line_items=[{"quantity": 1, "price_data": euros}]).payment_method_types == ["card"]
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate `checkouts without cards`"):
        shop.session(allowed_payment_method_types=["us_bank_account"])
    shop.door("settings", {"bank_debits": False})
    assert shop.session().payment_method_types == ["card"]


@pytest.mark.parametrize(
    ("params", "number", "message"),
    [
        ({}, "123", "not the number of a test bank account"),
        ({"excluded_payment_method_types": ["us_bank_account"]}, PAYS, "does not take payments from bank accounts"),
    ],
)
def test_debits_that_are_refused(shop: Shop, params: Any, number: str, message: str) -> None:
    session = shop.session(**params)

    result = debit(shop, session, number)

    assert result.state == "declined"
    assert message in str(result.message)
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_nobody_pays_twice(shop: Shop) -> None:
    session = shop.session()
    debit(shop, session)

    assert debit(shop, session).state == "succeeded"
    assert shop.pay(session.id).state == "succeeded"
    assert len(shop.stripe.v1.charges.list().data) == 1


def test_the_page_offers_bank_accounts(shop: Shop) -> None:
    session = shop.session()
    assert f'name="bank_account" value="{CLOSED}"' in requests.get(str(session.url), timeout=5).text
    form = {"email": "ada@example.org", "bank_account": PAYS, "name": "Ada"}

    answer = requests.post(str(session.url), data=form, allow_redirects=False, timeout=5)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"http://shop.test/done?s={session.id}")
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    without = shop.session(excluded_payment_method_types=["us_bank_account"])
    assert "bank_account" not in requests.get(str(without.url), timeout=5).text


def test_the_page_wants_an_address_for_the_mail(shop: Shop) -> None:
    answer = requests.post(str(shop.session().url), data={"bank_account": PAYS}, allow_redirects=False, timeout=5)

    assert answer.status_code == 400
    assert "Enter an e-mail address" in answer.text
    assert "Enter a card number" not in answer.text
    assert f'value="{PAYS}" checked' in answer.text
