"""Every object that the sandbox makes is complete and true to the SDK's resource classes, all the way down."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ForwardRef, Literal, get_args, get_origin

import pytest
import stripe
from stripe import StripeObject
from stripe.params.reporting import ReportRunCreateParamsParameters

from sandbox import params, sdk
from sandbox.objects import Object
from sandbox.objects.balance_transaction import CATEGORIES
from tests.sandbox.conftest import VISA, Shop

MADE = {
    "account",
    "balance_transaction",
    "bank_account",
    "charge",
    "checkout.session",
    "customer",
    "dispute",
    "event",
    "invoice",
    "invoice_payment",
    "item",
    "payment_intent",
    "payment_method",
    "payout",
    "price",
    "product",
    "radar.early_fraud_warning",
    "refund",
    "setup_intent",
    "shipping_rate",
    "subscription",
    "tax_rate",
    "transfer",
    "transfer_reversal",
    "webhook_endpoint",
}
HOME = {"line1": "4 Elm St", "city": "Kansas City", "state": "MO", "postal_code": "64111", "country": "US"}


def complaints(value: Any, cls: type, where: str) -> list[str]:
    """What is missing, unknown or of a wrong type in `value`, which stands for an object of `cls`."""
    if isinstance(value, dict) and value.get("deleted"):
        return []
    fields = sdk.fields(cls)
    found = [f"{where}.{name} is not known to the SDK" for name in value.keys() - fields.keys()]
    for name, hint in fields.items():
        if name not in value:
            found += [f"{where}.{name} is missing"] if sdk.is_required(hint) else []
        elif not any(_fits(value[name], part, f"{where}.{name}", found) for part in _closed(hint)):
            found.append(f"{where}.{name} is {value[name]!r}, which does not fit {hint}")
    return found


def _closed(hint: Any) -> list[Any]:
    """The members of a union, without the `str` by which the SDK leaves lists of values open."""
    members = sdk.parts(hint)
    named = any(get_origin(member) is Literal for member in members)
    return [member for member in members if not (named and member is str)]


def _fits(value: Any, hint: Any, where: str, found: list[str]) -> bool:  # noqa: PLR0911 - one line for each kind
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in get_args(hint)
    if origin is list:
        return isinstance(value, list) and all(_entry_fits(entry, hint, where, found) for entry in value)
    if origin is stripe.ListObject:
        return _list_fits(value, hint, where, found)
    if origin is not None:
        return isinstance(value, dict)
    if isinstance(hint, ForwardRef) or (isinstance(hint, type) and issubclass(hint, StripeObject)):
        return isinstance(value, dict) and _object_fits(value, hint, where, found)
    if hint is Decimal:
        return isinstance(value, str)
    if hint is float:
        return isinstance(value, int | float)
    return type(value) is hint


def _entry_fits(entry: Any, hint: Any, where: str, found: list[str]) -> bool:
    return any(_fits(entry, part, f"{where}[]", found) for part in _closed(get_args(hint)[0]))


def _list_fits(value: Any, hint: Any, where: str, found: list[str]) -> bool:
    shape = isinstance(value, dict) and value.keys() == {"object", "data", "has_more", "url"}
    return shape and all(_entry_fits(entry, hint, f"{where}.data", found) for entry in value["data"])


def _object_fits(value: Any, hint: Any, where: str, found: list[str]) -> bool:
    if isinstance(value.get("object"), str):
        found += complaints(value, sdk.resource_class(value["object"]), where)
    elif isinstance(hint, type):
        found += complaints(value, hint, where)
    return True


@pytest.fixture
def life(shop: Shop) -> Shop:
    """A shop in which everything has happened that the sandbox can do."""
    option = {"shipping_rate_data": {"display_name": "Post", "fixed_amount": {"amount": 500, "currency": "usd"}}}
    shipped = shop.session(
        shipping_address_collection={"allowed_countries": ["US"]},
        shipping_options=[option],
        phone_number_collection={"enabled": True},
        custom_text={"submit": {"message": "Thank you"}},
    )
    shop.pay(shipped.id, "4000000000000002", shipping={"name": "Ada", "address": HOME})
    shop.pay(shipped.id, shipping={"name": "Ada", "address": HOME})
    waiting = shop.session(customer_creation="always")
    shop.pay(waiting.id, "4000000000003220")
    shop.stripe.v1.checkout.sessions.expire(shop.session().id)
    shop.stripe.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["refund.failed"]})
    shop.stripe.v1.customers.create({"email": "a@example.org", "shipping": {"name": "A", "address": HOME}})
    failing = shop.subscribed("4000000000000341", subscription_data={"metadata": {"plan": "1"}})
    shop.stripe.v1.checkout.sessions.list({"expand": ["data.line_items"]})
    trial = shop.monthly(subscription_data={"trial_period_days": 3})
    shop.pay(trial.id)
    paused = shop.subscribed()
    shop.stripe.v1.subscriptions.update(paused.id, {"pause_collection": {"behavior": "mark_uncollectible"}})
    shop.advance(days=34)
    shop.door(f"customers/{failing.customer}/card", {"number": VISA})
    shop.stripe.v1.subscriptions.update(paused.id, {"cancel_at_period_end": True})
    shop.advance(days=40)
    move_money(shop)
    keep_cards(shop)
    change_course(shop)
    pay_tax(shop)
    return shop


def pay_tax(shop: Shop) -> None:
    """A checkout with automatic tax, shown with its rate."""
    shop.door("settings", {"tax_rates": {"MO": {"percent": "8.475", "shipping": True}}})
    session = shop.session(automatic_tax={"enabled": True})
    shop.pay(session.id, state="MO")


def change_course(shop: Shop) -> None:
    """Subscriptions that are changed, paused, resumed, started by API and ended with a settlement."""
    subscription = shop.subscribed()
    subscriptions = shop.stripe.v1.subscriptions
    item: Any = {"id": subscription["items"].data[0].id, "quantity": 2}
    subscriptions.update(subscription.id, {"items": [item], "proration_behavior": "always_invoice"})
    subscriptions.pause(subscription.id)
    subscriptions.resume(subscription.id)
    subscriptions.update(subscription.id, {"trial_end": shop.box.ctx.now() + 86_400})
    subscriptions.cancel(subscription.id, {"invoice_now": True, "prorate": True})
    bad = shop.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": str(subscription.customer)})
    price = subscription["items"].data[0].price
    made = shop.stripe.v1.prices.create(
        {"currency": "usd", "unit_amount": 100, "recurring": {"interval": "month"}, "product": str(price.product)}
    )
    for config in ({"day_of_month": 31}, {"day_of_month": 1, "hour": 4}):
        given: Any = {"items": [{"price": made.id}], "default_payment_method": bad.id}
        subscriptions.create(given | {"customer": str(subscription.customer), "billing_cycle_anchor_config": config})
    subscriptions.pause(shop.subscribed().id, {"invoicing_behavior": "invoice"})
    shop.advance(days=2)


def keep_cards(shop: Shop) -> None:
    """Cards saved, refused, approved and let go."""
    customer = shop.stripe.v1.customers.create({"email": "a@example.org"})
    saved = shop.setup(customer=customer.id)
    shop.pay(saved.id, "4000000000000002")
    shop.pay(saved.id, VISA)
    shop.pay(shop.setup().id, "4000002500003155")
    shop.stripe.v1.checkout.sessions.expire(shop.setup().id)
    method = shop.stripe.v1.payment_methods.list({"customer": customer.id}).data[0]
    shop.stripe.v1.payment_methods.detach(method.id)


def move_money(shop: Shop) -> None:
    """Refunds, disputes, payouts and transfers of every fate."""
    for number in (VISA, "4000000000007726", "4000000000005126"):
        session = shop.bought(number)
        shop.stripe.v1.refunds.create({"payment_intent": session.payment_intent, "amount": 1000})
    for account in ("000123456789", "000111111113", "000000000009"):
        shop.box.ctx.engine.debit(shop.session().id, account, email="ada@example.org")
    shop.advance(days=5)
    debit = next(charge for charge in shop.stripe.v1.charges.list().data if charge.id.startswith("py_") and charge.paid)
    shop.stripe.v1.refunds.create({"charge": debit.id})
    for number in ("4000000000000259", "4000000000001976", "4000000000005423"):
        shop.bought(number)
    shop.door("settle")
    inquiry, chargeback = shop.stripe.v1.disputes.list().data
    shop.door(f"disputes/{inquiry.id}/escalate")
    shop.stripe.v1.disputes.update(chargeback.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    shop.door("balance_transactions", {"type": "stripe_fee", "amount": -200})
    shop.stripe.v1.payouts.cancel(shop.stripe.v1.payouts.create({"amount": 100, "currency": "usd"}).id)
    partner = shop.partner()
    transfer = shop.stripe.v1.transfers.create({"amount": 500, "currency": "usd", "destination": partner})
    shop.stripe.v1.transfers.reversals.create(transfer.id, {"amount": 100})
    shop.door(f"accounts/{shop.stripe.v1.accounts.create({'type': 'express'}).id}/onboard", {"restricted": True})
    shop.door("settings", {"payout_schedule": "daily"})
    shop.advance(days=3)
    shop.door(f"payouts/{shop.stripe.v1.payouts.list().data[0].id}/fail")


def test_every_stored_object(life: Shop) -> None:
    store = life.box.ctx.store
    books = [store.objects, *store.accounts.values()]

    assert {name for objects in books for name, table in objects.items() if table} == MADE
    found = [
        complaint
        for objects in books
        for name, table in objects.items()
        for entry in table.values()
        for complaint in complaints(entry, sdk.resource_class(name), name)
    ]
    assert sorted(set(found)) == []


def test_every_snapshot_in_an_event(life: Shop) -> None:
    found = []
    store = life.box.ctx.store
    books = [store.objects, *store.accounts.values()]
    for event in (event for objects in books for event in objects["event"].values()):
        subject = event["data"]["object"]
        found += complaints(subject, sdk.resource_class(subject["object"]), event["type"])

    assert sorted(set(found)) == []


def test_every_reporting_category_exists(life: Shop) -> None:
    hint, _ = params.fields(ReportRunCreateParamsParameters)["reporting_category"]
    known = {value for part in sdk.parts(hint) for value in get_args(part)}
    made = {entry["reporting_category"] for entry in life.box.ctx.store.all("balance_transaction")}

    assert made >= set("charge dispute dispute_reversal fee payout payout_reversal refund refund_failure".split())
    assert made >= {"transfer", "transfer_reversal"}
    assert made | set(CATEGORIES.values()) <= known


def test_every_event_type_exists(life: Shop) -> None:
    known = {value for part in sdk.parts(sdk.fields(stripe.Event)["type"]) for value in get_args(part) or []}

    assert "checkout.session.completed" in known
    assert set(life.events()) - known == set()


@pytest.mark.parametrize(
    "path",
    [
        "balance",
        "checkout/sessions?expand[]=data.line_items.data.taxes&expand[]=data.payment_intent.latest_charge",
        "invoices?expand[]=data.payments&expand[]=data.confirmation_secret",
        "charges?expand[]=data.balance_transaction&expand[]=data.refunds",
        "customers?expand[]=data.subscriptions",
    ],
)
def test_answers_with_expanded_parts(life: Shop, path: str) -> None:
    answer: Object = life.get(path)

    entries = answer["data"] if answer["object"] == "list" else [answer]
    found = [
        complaint
        for entry in entries
        for complaint in complaints(entry, sdk.resource_class(entry["object"]), entry["object"])
    ]
    assert entries
    assert sorted(set(found)) == []


def test_the_walk_itself_sees_what_is_wrong(life: Shop) -> None:
    charge = dict(next(life.box.ctx.store.all("charge")))
    cls = sdk.resource_class("charge")
    assert complaints(charge, cls, "charge") == []

    del charge["amount"]
    charge["paid"] = "yes"
    charge["colour"] = "red"
    charge["billing_details"] = {"email": 7}

    found = complaints(charge, cls, "charge")
    assert [complaint.split(" is ")[0] for complaint in sorted(found)] == [
        "charge.amount",
        "charge.billing_details.email",
        "charge.colour",
        "charge.paid",
    ]
