"""Payment methods of customers, and the setup intents that keep them."""

from __future__ import annotations

from typing import Any

from sandbox import cards
from sandbox.cards import CardInput
from sandbox.context import Context
from sandbox.engine import charging
from sandbox.errors import StripeError, invalid, missing, no_such
from sandbox.events import changed, emit, snapshot
from sandbox.handlers.customers import existing
from sandbox.objects import Object
from sandbox.paging import equals, page

Params = dict[str, Any]
SPENT = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and "
    "may not be used again."
)


def attach(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/payment_methods/:id/attach; one of Stripe's own such as `pm_card_visa` becomes a new card."""
    if not params.get("customer"):
        raise missing("customer")
    customer = existing(ctx, params["customer"], "customer")
    method = _test_method(ctx, identifier) or ctx.store.get("payment_method", identifier, "payment_method")
    if method["customer"] == customer["id"]:
        return method
    if method["customer"] is not None:
        raise invalid("The payment method you provided has already been attached to a customer.")
    if ctx.store.hidden(method["id"]).get("spent"):
        raise invalid(SPENT)
    decline = charging.card_of(ctx, method).decline
    if decline is not None:
        raise StripeError(402, "card_error", decline.code, message=decline.message, decline_code=decline.decline_code)
    charging.attach(ctx, method, customer["id"])
    return method


def detach(ctx: Context, _params: Params, identifier: str) -> Object:
    """POST /v1/payment_methods/:id/detach: for good, and nobody's default any more."""
    method = ctx.store.get("payment_method", identifier, "payment_method")
    if method["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param="payment_method",
        )
    before = snapshot(method)
    method["customer"] = None
    ctx.store.hidden(identifier)["spent"] = True
    _forget_default(ctx, before["customer"], identifier)
    emit(ctx, "payment_method.detached", method, before=before)
    return method


def of_customer(ctx: Context, params: Params, customer_id: str) -> Object:
    """GET /v1/customers/:id/payment_methods, by type."""
    existing(ctx, customer_id, "customer")
    same = equals(params, type="type")
    url = f"/v1/customers/{customer_id}/payment_methods"
    return page(ctx, "payment_method", params, url, lambda entry: entry["customer"] == customer_id and same(entry))


def one_of_customer(ctx: Context, _params: Params, customer_id: str, identifier: str) -> Object:
    """GET /v1/customers/:id/payment_methods/:id."""
    method = ctx.store.get("payment_method", identifier, "payment_method")
    if method["customer"] != customer_id:
        raise no_such("payment_method", identifier, param="payment_method")
    return method


def setup_intent(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/setup_intents/:id."""
    return ctx.store.get("setup_intent", identifier, "intent")


def setup_intents(ctx: Context, params: Params) -> Object:
    """GET /v1/setup_intents, by customer, payment method and created."""
    keep = equals(params, customer="customer", payment_method="payment_method")
    return page(ctx, "setup_intent", params, "/v1/setup_intents", keep)


def _test_method(ctx: Context, identifier: str) -> Object | None:
    """Whoever names `pm_card_…` gets a card of that kind."""
    card = cards.PAYMENT_METHODS.get(identifier)
    if card is None:
        return None
    given = CardInput(number=card.number, exp_month=12, exp_year=2034, cvc="123")
    return charging.new_method(ctx, given, email=None, name=None)


def _forget_default(ctx: Context, customer_id: str, identifier: str) -> None:
    customer = ctx.store.get("customer", customer_id)
    before = snapshot(customer)
    if customer["invoice_settings"]["default_payment_method"] == identifier:
        customer["invoice_settings"]["default_payment_method"] = None
    changed(ctx, "customer.updated", customer, before)
    for subscription in ctx.store.all("subscription"):
        if subscription["default_payment_method"] == identifier and subscription["ended_at"] is None:
            earlier = snapshot(subscription)
            subscription["default_payment_method"] = None
            emit(ctx, "customer.subscription.updated", subscription, before=earlier)
