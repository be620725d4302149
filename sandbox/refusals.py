"""The single checks from which the rules are made; each refuses with a 400 in Stripe's words."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from sandbox.currencies import check_amount, check_currency
from sandbox.errors import exclusive, invalid, missing

Params = dict[str, Any]
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def at_most_one(params: Params, *names: str, at: str = "") -> None:
    """Refuse a second of these parameters; `at` is the form name of the object that holds them."""
    sent = [name for name in names if params.get(name) not in (None, "", [])]
    if len(sent) > 1:
        raise exclusive(*(f"{at}[{name}]" if at else name for name in sent))


def exactly_one(params: Params, *names: str, at: str = "") -> None:
    """Refuse none and refuse two; none is called missing by the first name."""
    at_most_one(params, *names, at=at)
    if not any(params.get(name) not in (None, "") for name in names):
        raise missing(f"{at}[{names[0]}]" if at else names[0])


def at_least(value: int, least: int, param: str) -> None:
    """Refuse an integer below `least`."""
    if value < least:
        raise invalid(
            f"This value must be greater than or equal to {least}.", param=param, code="parameter_invalid_integer"
        )


def url(value: str, param: str) -> None:
    """Refuse an address that a browser or the deliverer could not follow."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise invalid("Not a valid URL", param=param, code="url_invalid")


def email(value: str, param: str) -> None:
    """Refuse what is not an e-mail address."""
    if EMAIL.fullmatch(value) is None:
        raise invalid(f"Invalid email address: {value}", param=param, code="email_invalid")


def price_data(data: Params, at: str, *, product_data: bool = True) -> None:
    """One inline price: its currency, one amount, and whose price it is (`product_data` where it is allowed)."""
    check_currency(data["currency"], f"{at}[currency]")
    amount(data, at)
    exactly_one(data, *(("product", "product_data") if product_data else ("product",)), at=at)
    recurrence(data, at)


def recurrence(data: Params, at: str) -> None:
    """Refuse a price that comes every zero months."""
    interval_count = (data.get("recurring") or {}).get("interval_count", 1)
    at_least(interval_count, 1, f"{at}[recurring][interval_count]" if at else "recurring[interval_count]")


def amount(data: Params, at: str = "", *names: str) -> None:
    """Exactly one of unit_amount and unit_amount_decimal (or another of `names`), and within the limits."""
    exactly_one(data, "unit_amount", "unit_amount_decimal", *names, at=at)
    for name in ("unit_amount", "unit_amount_decimal"):
        value: int | Decimal | None = data.get(name)
        if value is not None:
            check_amount(int(value) if value >= 0 else -1, f"{at}[{name}]" if at else name)


def in_future(timestamp: int | str | None, param: str, now: int) -> None:
    """Refuse a time that has passed; words such as `min_period_end` are not times."""
    if isinstance(timestamp, int) and timestamp <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", param=param)
