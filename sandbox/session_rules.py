"""What Stripe refuses in a Checkout Session although the types allow it (rules/stripe.md section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.currencies import check_currency, check_total
from sandbox.errors import exclusive, invalid, missing
from sandbox.refusals import Params, at_least, at_most_one, email, exactly_one, in_future, price_data, url

FindPrice = Callable[[str], dict[str, Any] | None]

EXPIRES_S_MIN = 30 * 60
EXPIRES_S_MAX = 24 * 60 * 60
LINES_MAX = {"payment": 100, "subscription": 40}
LINES_OF_A_KIND_MAX = 20
CLIENT_REFERENCE_CHARS_MAX = 200
COUNTS_MAX = {"custom_fields": 3, "discounts": 1, "optional_items": 10, "shipping_options": 5}
ANCHOR_PARTS = {"day_of_month": (1, 31), "hour": (0, 23), "minute": (0, 59), "month": (1, 12), "second": (0, 59)}
# The address that a mode of the page needs, then those it refuses.
ADDRESSES = {
    "hosted_page": ("success_url", "return_url"),
    "embedded_page": ("return_url", "success_url", "cancel_url"),
    "elements": ("return_url", "success_url", "cancel_url"),
    "form": ("",),
}

NOT_IN_MODE = {
    "payment": ("payment_method_collection", "setup_intent_data", "subscription_data"),
    "setup": (
        "allow_promotion_codes",
        "discounts",
        "invoice_creation",
        "line_items",
        "payment_intent_data",
        "payment_method_collection",
        "shipping_options",
        "submit_type",
        "subscription_data",
    ),
    "subscription": ("customer_creation", "invoice_creation", "payment_intent_data", "setup_intent_data"),
}


@dataclass(frozen=True)
class Request:
    """Validated parameters, sandbox time in unix seconds, and a look into the stored prices."""

    params: Params
    now: int
    find_price: FindPrice


@dataclass(frozen=True)
class Line:
    """One line item with what is known of its price; an unknown price id leaves currency and amount empty."""

    at: str
    quantity: int
    currency: str | None
    unit_minor: Decimal | None
    recurring: bool


def session(request: Request) -> None:
    """Raise the first thing that is wrong with a session as a whole."""
    params = request.params
    if "mode" not in params:
        raise missing("mode")
    _addresses(params)
    _fits_mode(params)
    _customer(params)
    _counts(params)
    _expiry(params, request.now)
    _subscription_data(params.get("subscription_data", {}), request.now)
    if "currency" in params:
        check_currency(params["currency"], "currency")
    if params["mode"] != "setup":
        _lines(request)
    elif "currency" not in params:
        raise missing("currency")


def _addresses(params: Params) -> None:
    ui_mode = params.get("ui_mode", "hosted_page")
    required, *refused = ADDRESSES[ui_mode]
    if required and required not in params:
        raise missing(required)
    for name in refused:
        if name in params:
            raise invalid(f"You can not pass `{name}` when `ui_mode` is `{ui_mode}`.", param=name)
    for name in ("success_url", "cancel_url", "return_url"):
        if name in params:
            url(params[name], name)


def _fits_mode(params: Params) -> None:
    for name in NOT_IN_MODE[params["mode"]]:
        if name in params:
            raise invalid(f"You can not pass `{name}` in `{params['mode']}` mode.", param=name)


def _customer(params: Params) -> None:
    at_most_one(params, "customer", "customer_account", "customer_email")
    if "customer_email" in params:
        email(params["customer_email"], "customer_email")
    has_customer = "customer" in params or "customer_account" in params
    if has_customer and "customer_creation" in params:
        raise exclusive("customer", "customer_creation")
    if "customer_update" in params and not has_customer:
        raise invalid("`customer_update` can only be used with `customer`.", param="customer_update")


def _counts(params: Params) -> None:
    for name, count_max in COUNTS_MAX.items():
        if len(params.get(name) or []) > count_max:
            raise invalid(f"You can only specify up to {count_max} {name}.", param=name)
    if params.get("discounts") and "allow_promotion_codes" in params:
        raise exclusive("allow_promotion_codes", "discounts")
    for position, discount in enumerate(params.get("discounts") or []):
        at_most_one(discount, "coupon", "promotion_code", at=f"discounts[{position}]")
    for position, option in enumerate(params.get("shipping_options") or []):
        exactly_one(option, "shipping_rate", "shipping_rate_data", at=f"shipping_options[{position}]")
    if len(params.get("client_reference_id", "")) > CLIENT_REFERENCE_CHARS_MAX:
        raise invalid(
            f"Invalid string; must be at most {CLIENT_REFERENCE_CHARS_MAX} characters", param="client_reference_id"
        )


def _expiry(params: Params, now: int) -> None:
    expires_in_s = params.get("expires_at", now + EXPIRES_S_MAX) - now
    if expires_in_s < EXPIRES_S_MIN:
        limit = "at least 30 minutes"
    elif expires_in_s > EXPIRES_S_MAX:
        limit = "less than 24 hours"
    else:
        return
    raise invalid(f"The `expires_at` timestamp must be {limit} from Checkout Session creation.", param="expires_at")


def _subscription_data(data: Params, now: int) -> None:
    at = "subscription_data"
    at_most_one(data, "trial_end", "trial_period_days", "billing_cycle_anchor_config", at=at)
    at_most_one(data, "billing_cycle_anchor", "billing_cycle_anchor_config", at=at)
    for name in ("billing_cycle_anchor", "trial_end"):
        in_future(data.get(name), f"{at}[{name}]", now)
    anchor_config(data.get("billing_cycle_anchor_config") or {}, f"{at}[billing_cycle_anchor_config]")


def anchor_config(config: Params, at: str) -> None:
    """Refuse a day or a time of day that no calendar has."""
    for name, (least, most) in ANCHOR_PARTS.items():
        if name in config and not least <= config[name] <= most:
            raise invalid(f"Invalid {name}: must be between {least} and {most}.", param=f"{at}[{name}]")


def _lines(request: Request) -> None:
    mode = request.params["mode"]
    items = request.params.get("line_items") or []
    if not items:
        raise missing("line_items")
    if len(items) > LINES_MAX[mode]:
        raise invalid(f"You can only specify up to {LINES_MAX[mode]} line items.", param="line_items")
    lines = [_line(item, f"line_items[{index}]", request.find_price) for index, item in enumerate(items)]
    _one_currency(lines, request.params.get("currency"))
    _recurrence(mode, lines, unknown=any(line.currency is None for line in lines))
    if mode == "payment":
        _total(request, lines)


def _line(item: Params, at: str, find_price: FindPrice) -> Line:
    exactly_one(item, "price", "price_data", at=at)
    if "price_data" in item:
        price_data(item["price_data"], f"{at}[price_data]")
    price = item["price_data"] if "price_data" in item else find_price(item["price"]) or {}
    if "quantity" not in item:
        raise invalid(
            f"Quantity is required. Add `quantity` to `{at}`", param=f"{at}[quantity]", code="parameter_missing"
        )
    at_least(item["quantity"], 1, f"{at}[quantity]")
    unit = price.get("unit_amount") if price.get("unit_amount") is not None else price.get("unit_amount_decimal")
    return Line(
        at=at,
        quantity=item["quantity"],
        currency=price.get("currency"),
        unit_minor=None if unit is None else Decimal(unit),
        recurring=bool(price.get("recurring")),
    )


def _one_currency(lines: list[Line], currency: str | None) -> None:
    for line in lines:
        currency = currency or line.currency
        if line.currency not in (None, currency):
            raise invalid(
                f"All prices on a Checkout Session must use the same currency: expected `{currency}`, got "
                f"`{line.currency}`.",
                param=line.at,
            )


def _recurrence(mode: str, lines: list[Line], *, unknown: bool) -> None:
    recurring = sum(line.recurring for line in lines)
    if mode == "payment" and recurring:
        raise invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or "
            "use only one-time prices.",
            param="mode",
        )
    if mode == "subscription" and not recurring and not unknown:
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when using prices.", param="mode"
        )
    if mode == "subscription" and max(recurring, len(lines) - recurring) > LINES_OF_A_KIND_MAX:
        raise invalid(
            f"You can only specify up to {LINES_OF_A_KIND_MAX} recurring and {LINES_OF_A_KIND_MAX} one-time "
            "line items.",
            param="line_items",
        )


def _total(request: Request, lines: list[Line]) -> None:
    """Lines and the cheapest shipping, when all of them are known, are at least what Stripe charges."""
    options = request.params.get("shipping_options") or []
    amounts = [option.get("shipping_rate_data", {}).get("fixed_amount", {}).get("amount") for option in options]
    if None in amounts:
        return
    total_minor = min(amounts, default=0)
    for line in lines:
        if line.unit_minor is None or line.currency is None:
            return
        total_minor += int((line.unit_minor * line.quantity).quantize(Decimal(1), ROUND_HALF_UP))
    if not request.params.get("discounts"):
        check_total(total_minor, lines[0].currency or "usd", "line_items")
