"""Subscriptions and their items: retrieve, list, update, cancel."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import billing, changing, collecting, ending, prorating
from sandbox.errors import invalid, no_such
from sandbox.events import changed, snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.handlers.catalogue import check_price, price_of
from sandbox.handlers.customers import attached_method
from sandbox.objects import Object, merged_metadata
from sandbox.objects import subscription as subscriptions
from sandbox.objects.catalogue import plan
from sandbox.paging import cut, equals, page, within

Params = dict[str, Any]
UNSIMULATED = (
    "add_invoice_items",
    "application_fee_percent",
    "automatic_tax",
    "billing_schedules",
    "billing_thresholds",
    "collection_method",
    "days_until_due",
    "default_source",
    "default_tax_rates",
    "discounts",
    "invoice_settings",
    "on_behalf_of",
    "payment_settings",
    "pending_invoice_item_interval",
    "proration_date",
    "transfer_data",
    "trial_from_plan",
    "trial_settings",
)
PERIOD_WORDS = ("min_period_end", "max_period_end", "max_billed_until")


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/subscriptions/:id."""
    return ctx.store.get("subscription", identifier)


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/subscriptions; canceled ones only with status=all, canceled or ended, as Stripe lists them."""
    same = equals(params, customer="customer", collection_method="collection_method")
    status = params.get("status")

    def keep(entry: Object) -> bool:
        start, end = billing.period_of(entry)
        fits = within(start, params.get("current_period_start")) and within(end, params.get("current_period_end"))
        prices = [item["price"]["id"] for item in entry["items"]["data"]]
        wanted = params.get("price", params.get("plan"))
        return same(entry) and fits and _has_status(entry, status) and wanted in (None, *prices)

    return page(ctx, "subscription", params, "/v1/subscriptions", keep)


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/subscriptions/:id: items, cycle, trial, end, pause of collection, payment method, metadata."""
    refuse_unsimulated(params, UNSIMULATED)
    if params.get("payment_behavior") == "pending_if_incomplete":
        refuse_unsimulated({"pending_if_incomplete": True}, ("pending_if_incomplete",))
    subscription = running(ctx, identifier)
    if params.get("default_payment_method"):
        attached_method(ctx, params["default_payment_method"], subscription["customer"], "default_payment_method")
    _check_items(ctx, subscription, params)
    before = snapshot(subscription)
    for given in params.get("items", []):
        _change_item(ctx, subscription, given)
    invoice = _change_cycle(ctx, subscription, params, before)
    _change_end(ctx, subscription, params)
    _change_pause(ctx, subscription, params)
    if "default_payment_method" in params:
        subscription["default_payment_method"] = params["default_payment_method"] or None
    if "description" in params:
        subscription["description"] = params["description"] or None
    subscription["metadata"] = merged_metadata(subscription["metadata"], params.get("metadata"))
    changed(ctx, "customer.subscription.updated", subscription, before)
    if invoice is not None:
        collecting.bill(ctx, invoice)
    return subscription


def cancel(ctx: Context, params: Params, identifier: str) -> Object:
    """DELETE /v1/subscriptions/:id: at once; `prorate` credits what is unused, `invoice_now` bills what is pending."""
    subscription = running(ctx, identifier)
    if params.get("prorate"):
        unused = prorating.credits(ctx, subscription["items"]["data"], ctx.now())
        prorating.note(ctx, subscription, unused)
    if params.get("invoice_now") and prorating.is_pending(ctx, subscription):
        collecting.bill(ctx, changing.draft(ctx, subscription))
    ending.cancel(ctx, subscription, reason="cancellation_requested", details=params.get("cancellation_details"))
    return subscription


def items(ctx: Context, params: Params) -> Object:
    """GET /v1/subscription_items?subscription=…"""
    subscription = ctx.store.get("subscription", params["subscription"], "subscription")
    return cut(subscription["items"]["data"], params, "/v1/subscription_items", "subscription_item")


def running(ctx: Context, identifier: str) -> Object:
    """A subscription that has not ended; 404 otherwise."""
    subscription = ctx.store.get("subscription", identifier)
    if subscription["status"] in ending.ENDED:
        raise no_such("subscription", identifier)
    return subscription


def _has_status(entry: Object, status: str | None) -> bool:
    if status == "all":
        return True
    if status == "ended":
        return entry["status"] in ending.ENDED
    if status is None:
        return bool(entry["status"] != "canceled")
    return bool(entry["status"] == status)


def _check_items(ctx: Context, subscription: Object, params: Params) -> None:
    known = {item["id"]: item for item in subscription["items"]["data"]}
    for position, given in enumerate(params.get("items", [])):
        at = f"items[{position}]"
        refuse_unsimulated(given, ("billing_thresholds", "discounts", "plan", "tax_rates", "clear_usage"))
        if "id" in given and given["id"] not in known:
            raise no_such("subscription item", given["id"], param=f"{at}[id]")
        if "id" not in given and not ("price" in given or "price_data" in given):
            raise invalid(f"Missing required param: {at}[price].", param=f"{at}[price]", code="parameter_missing")
        check_price(ctx, given, at)
    removed = {given["id"] for given in params.get("items", []) if given.get("deleted")}
    added = any("id" not in given for given in params.get("items", []))
    if removed >= known.keys() and not added:
        raise invalid("A subscription must have at least one active plan.", param="items")


def _change_cycle(ctx: Context, subscription: Object, params: Params, before: Object) -> Object | None:
    """What the change of items, anchor and trial is worth, and the invoice for it if one is due now."""
    behavior = params.get("proration_behavior", "create_prorations")
    trial_end = params.get("trial_end")
    anew = (params.get("billing_cycle_anchor") or {}).get("type") == "now" or _rhythm(before) != _rhythm(subscription)
    ends_trial = trial_end == "now" and subscription["status"] == "trialing"
    old, new = before["items"]["data"], subscription["items"]["data"]
    if behavior != "none" and subscription["status"] not in ("paused", "trialing"):
        breaks_off = anew or isinstance(trial_end, int)
        lines = (
            prorating.credits(ctx, old, ctx.now()) if breaks_off else prorating.differences(ctx, old, new, ctx.now())
        )
        prorating.note(ctx, subscription, lines)
    if isinstance(trial_end, int):
        return changing.start_trial(ctx, subscription, trial_end)
    if ends_trial:
        return changing.end_trial(ctx, subscription)
    if anew:
        return changing.restart(ctx, subscription)
    if behavior == "always_invoice" and prorating.is_pending(ctx, subscription):
        return changing.draft(ctx, subscription)
    return None


def _rhythm(subscription: Object) -> tuple[str, int]:
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _change_item(ctx: Context, subscription: Object, given: Params) -> None:
    held = subscription["items"]["data"]
    if "id" not in given:
        price = snapshot(price_of(ctx, given))
        held.append(
            subscriptions.item(
                subscription["id"],
                price,
                given.get("quantity", 1),
                ctx.now(),
                billing.period_of(subscription),
                given=given.get("metadata"),
            )
        )
        return
    item = next(entry for entry in held if entry["id"] == given["id"])
    if given.get("deleted"):
        held.remove(item)
        return
    if "price" in given or "price_data" in given:
        item["price"] = snapshot(price_of(ctx, given))
        item["plan"] = plan(item["price"])
    item["quantity"] = given.get("quantity", item["quantity"])
    item["metadata"] = merged_metadata(item["metadata"], given.get("metadata"))


def _change_end(ctx: Context, subscription: Object, params: Params) -> None:
    if "cancel_at" in params:
        wanted = params["cancel_at"]
        at = billing.period_of(subscription)[1] if wanted in PERIOD_WORDS else wanted or None
        _end_at(ctx, subscription, at, by_period=False)
    if "cancel_at_period_end" in params:
        wanted = params["cancel_at_period_end"]
        at = billing.period_of(subscription)[1] if wanted else None
        _end_at(ctx, subscription, at, by_period=wanted)
    details = params.get("cancellation_details")
    if details:
        subscription["cancellation_details"] |= {name: value or None for name, value in details.items()}


def _end_at(ctx: Context, subscription: Object, at: int | None, *, by_period: bool) -> None:
    subscription.update(cancel_at=at, cancel_at_period_end=by_period, canceled_at=ctx.now() if at is not None else None)
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if at is not None else None
    if at is not None and not by_period:
        ctx.store.schedule(at, "cancel_subscription", subscription["id"])


def _change_pause(ctx: Context, subscription: Object, params: Params) -> None:
    if "pause_collection" not in params:
        return
    pause = params["pause_collection"]
    resumes_at = pause.get("resumes_at") if pause else None
    subscription["pause_collection"] = {"behavior": pause["behavior"], "resumes_at": resumes_at} if pause else None
    if resumes_at is not None:
        ctx.store.schedule(resumes_at, "resume_collection", subscription["id"])
