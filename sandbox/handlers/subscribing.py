"""A subscription without Checkout: its first invoice is asked for at once, from a card on file or by its intent."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import billing, changing, charging, collecting, invoicing, prorating
from sandbox.errors import StripeError, invalid
from sandbox.events import emit, snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.handlers.catalogue import check_price, price_of
from sandbox.handlers.customers import attached_method, existing
from sandbox.objects import Object
from sandbox.objects import subscription as subscriptions
from sandbox.objects.catalogue import amount_minor

Params = dict[str, Any]
UNSIMULATED = (
    "add_invoice_items",
    "application_fee_percent",
    "automatic_tax",
    "backdate_start_date",
    "billing_schedules",
    "billing_thresholds",
    "customer_account",
    "days_until_due",
    "default_source",
    "default_tax_rates",
    "discounts",
    "invoice_settings",
    "on_behalf_of",
    "pending_invoice_item_interval",
    "transfer_data",
    "trial_from_plan",
    "trial_settings",
)
NO_CARD = (
    "This customer has no attached payment source or default payment method. Please consider adding a default payment "
    "method."
)


def create(ctx: Context, params: Params) -> Object:
    """POST /v1/subscriptions, charged automatically."""
    customer, prices = _check(ctx, params)
    method = params.get("default_payment_method")
    now = ctx.now()
    first = billing.first_period(params, prices[0]["recurring"], now)
    subscription = ctx.store.add(
        subscriptions.build(customer["id"], prices[0]["currency"], now, first.anchor, data=params, method=method)
    )
    subscription["items"]["data"] = [
        subscriptions.item(
            subscription["id"],
            snapshot(price),
            given.get("quantity", 1),
            now,
            first.period,
            given=given.get("metadata"),
        )
        for given, price in zip(params["items"], prices, strict=True)
    ]
    items = subscription["items"]["data"]
    amounts = [prorating.part(amount_minor(item["price"], item["quantity"]), first.share) for item in items]
    billing.begin(subscription, first)
    invoice = invoicing.first(ctx, subscription, customer, [], amounts)
    subscription["latest_invoice"] = invoice["id"]
    if not first.trial and invoice["amount_due"] > 0:
        subscription["status"] = "incomplete"
        ctx.store.schedule(now + changing.FIRST_PAYMENT_S, "expire_incomplete", subscription["id"])
    emit(ctx, "customer.subscription.created", subscription)
    billing.plan_next(ctx, subscription)
    if params.get("payment_behavior") == "default_incomplete" and invoice["amount_due"] > 0:
        emit(ctx, "invoice.created", invoice)
        invoicing.open_draft(ctx, invoice)
        collecting.prepare(ctx, invoice)
    else:
        collecting.bill(ctx, invoice)
    return subscription


def _check(ctx: Context, params: Params) -> tuple[Object, list[Object]]:
    refuse_unsimulated(params, UNSIMULATED)
    if params.get("collection_method") == "send_invoice":
        refuse_unsimulated({"collection_method: send_invoice": True}, ("collection_method: send_invoice",))
    if params.get("payment_behavior") == "pending_if_incomplete":
        refuse_unsimulated({"pending_if_incomplete": True}, ("pending_if_incomplete",))
    customer = existing(ctx, params["customer"], "customer")
    method = customer["invoice_settings"]["default_payment_method"]
    if params.get("default_payment_method"):
        method = attached_method(ctx, params["default_payment_method"], customer["id"], "default_payment_method")["id"]
    for position, given in enumerate(params["items"]):
        refuse_unsimulated(given, ("billing_thresholds", "discounts", "plan", "tax_rates", "trial"))
        check_price(ctx, given, f"items[{position}]")
    prices = [price_of(ctx, given) for given in params["items"]]
    for position, price in enumerate(prices):
        _check_price(price, prices[0], f"items[{position}]")
    _check_payment(ctx, params, ctx.store.find(method), prices)
    return customer, prices


def _check_price(price: Object, first: Object, at: str) -> None:
    if price["recurring"] is None:
        raise invalid("The price specified is set to `type=one_time` but this field only accepts recurring prices.")
    if price["currency"] != first["currency"]:
        raise invalid("All prices on a subscription must use the same currency.", param=at)
    same = all(price["recurring"][name] == first["recurring"][name] for name in ("interval", "interval_count"))
    if not same:
        refuse_unsimulated({"items with different intervals": True}, ("items with different intervals",))


def _check_payment(ctx: Context, params: Params, method: Object | None, prices: list[Object]) -> None:
    """Before anything is made: no card at all is refused, and a refused one where an incomplete start is an error."""
    behavior = params.get("payment_behavior", "allow_incomplete")
    owed = billing.first_period(params, prices[0]["recurring"], ctx.now()).share > 0
    if behavior == "default_incomplete" or not owed:
        return
    if method is None:
        raise invalid(NO_CARD, code="resource_missing")
    decline = charging.verdict(ctx, method, off_session=True)
    if decline is not None and behavior == "error_if_incomplete":
        raise StripeError(402, "card_error", decline.code, message=decline.message, decline_code=decline.decline_code)
