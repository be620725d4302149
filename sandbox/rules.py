"""What Stripe refuses although every parameter, looked at alone, has the right name and type."""

from __future__ import annotations

from collections.abc import Callable

from sandbox import money_rules, session_rules
from sandbox.currencies import check_currency
from sandbox.errors import invalid, missing
from sandbox.refusals import (
    Params,
    amount,
    at_least,
    at_most_one,
    email,
    exactly_one,
    in_future,
    price_data,
    recurrence,
    url,
)
from sandbox.session_rules import FindPrice, Request

LIST_LIMIT_MAX = 100
EVENT_TYPES_MAX = 20


Rule = Callable[[Request], None]


def check(endpoint_name: str, params: Params, clock_now: int, find_price: FindPrice = lambda price_id: None) -> None:
    """Run the rules of an endpoint, named as the SDK calls it: `checkout.sessions.create`, `events.list`.

    `params` come from `params.validate`; `find_price` gives a stored price by id, so that rules about amounts
    and recurrence also hold for `price=price_…` (an unknown id is left to the handler's 404). Raises the
    first refusal as a 400 `StripeError`. An endpoint without rules passes.
    """
    request = Request(params, clock_now, find_price)
    rules = RULES.get(endpoint_name, ())
    if endpoint_name.endswith(".list"):
        rules = (page_of_list, *rules)
    for rule in rules:
        rule(request)


def page_of_list(request: Request) -> None:
    """At most 100 a page, and one direction."""
    limit = request.params.get("limit", 1)
    at_least(limit, 1, "limit")
    if limit > LIST_LIMIT_MAX:
        raise invalid(
            f"This value must be less than or equal to {LIST_LIMIT_MAX}.",
            param="limit",
            code="parameter_invalid_integer",
        )
    at_most_one(request.params, "starting_after", "ending_before")


def event_filter(request: Request) -> None:
    """One type with a wildcard, or up to 20 types by name."""
    at_most_one(request.params, "type", "types")
    if len(request.params.get("types", [])) > EVENT_TYPES_MAX:
        raise invalid(f"You may specify up to {EVENT_TYPES_MAX} types.", param="types")


def invoice_payment_filter(request: Request) -> None:
    """A payment is named by its type and the id of that type."""
    payment = request.params.get("payment")
    if payment is not None and payment["type"] not in payment:
        raise missing(f"payment[{payment['type']}]")


def customer(request: Request) -> None:
    """A customer's e-mail address is one."""
    if request.params.get("email"):
        email(request.params["email"], "email")


def product(request: Request) -> None:
    """A product's default price follows the rules of a price."""
    data = request.params.get("default_price_data")
    if data is not None:
        check_currency(data["currency"], "default_price_data[currency]")
        amount(data, "default_price_data", "custom_unit_amount")


def price(request: Request) -> None:
    """A price belongs to one product and has one amount."""
    check_currency(request.params["currency"], "currency")
    exactly_one(request.params, "product", "product_data")
    amount(request.params, "", "custom_unit_amount")
    recurrence(request.params, "")


def subscription_update(request: Request) -> None:
    """Items have one price each; an end is named once and lies ahead."""
    params = request.params
    for position, item in enumerate(params.get("items", [])):
        at = f"items[{position}]"
        at_most_one(item, "price", "price_data", at=at)
        at_least(item.get("quantity", 0), 0, f"{at}[quantity]")
        if "price_data" in item:
            price_data(item["price_data"], f"{at}[price_data]", product_data=False)
    if "billing_cycle_anchor" in params:
        at_most_one(params, "billing_cycle_anchor", "trial_end")
    in_future(params.get("trial_end"), "trial_end", request.now)
    if params.get("cancel_at_period_end"):
        at_most_one(params, "cancel_at", "cancel_at_period_end")
    pause = params.get("pause_collection") or {}
    in_future(params.get("cancel_at"), "cancel_at", request.now)
    in_future(pause.get("resumes_at"), "pause_collection[resumes_at]", request.now)


def subscription_create(request: Request) -> None:
    """Items have one price each; the first cycle is anchored in one way, and ahead."""
    params = request.params
    if not params.get("items"):
        raise missing("items")
    if "customer" not in params:
        raise missing("customer")
    for position, item in enumerate(params["items"]):
        at = f"items[{position}]"
        exactly_one(item, "price", "price_data", at=at)
        at_least(item.get("quantity", 1), 0, f"{at}[quantity]")
        if "price_data" in item:
            price_data(item["price_data"], f"{at}[price_data]", product_data=False)
    at_most_one(params, "trial_end", "trial_period_days", "billing_cycle_anchor_config")
    at_most_one(params, "billing_cycle_anchor", "billing_cycle_anchor_config")
    in_future(params.get("trial_end"), "trial_end", request.now)
    in_future(params.get("billing_cycle_anchor"), "billing_cycle_anchor", request.now)
    session_rules.anchor_config(params.get("billing_cycle_anchor_config") or {}, "billing_cycle_anchor_config")


def webhook_endpoint(request: Request) -> None:
    """An address that can be called, and something to call it for."""
    url(request.params["url"], "url")
    if not request.params["enabled_events"]:
        raise missing("enabled_events")


RULES: dict[str, tuple[Rule, ...]] = {
    "checkout.sessions.create": (session_rules.session,),
    "customers.create": (customer,),
    "customers.update": (customer,),
    "events.list": (event_filter,),
    "invoice_payments.list": (invoice_payment_filter,),
    "prices.create": (price,),
    "products.create": (product,),
    "subscriptions.create": (subscription_create,),
    "subscriptions.update": (subscription_update,),
    "webhook_endpoints.create": (webhook_endpoint,),
} | money_rules.RULES
