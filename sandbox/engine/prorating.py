"""What a change within a period is worth: credit for time that was paid and is not used, debit for time to come.

As in flexible billing mode, a credit counts what was really debited for the period: a free one is worth nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from sandbox import ids
from sandbox.context import Context
from sandbox.events import snapshot
from sandbox.objects import Object
from sandbox.objects.catalogue import amount_minor

Pending = dict[str, Any]


def part(whole_minor: int, share: Fraction) -> int:
    """A share of an amount in minor units, half away from zero."""
    exact = abs(whole_minor) * share
    rounded = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return rounded if whole_minor >= 0 else -rounded


def share_left(item: Object, now: int) -> Fraction:
    """How much of an item's current period lies ahead."""
    start, end = item["current_period_start"], item["current_period_end"]
    return Fraction(max(end - max(now, start), 0), end - start)


def debited(ctx: Context, item: Object, amount: int) -> None:
    """Remember what an item's current period costs as a whole."""
    ctx.store.hidden(item["id"])["debited"] = amount


def credits(ctx: Context, items: list[Object], since: int) -> list[Pending]:
    """Credit for the time of these items from `since` on."""
    return [entry for item in items if (entry := _credit(ctx, item, since))["amount"] != 0]


def differences(ctx: Context, before: list[Object], after: list[Object], now: int) -> list[Pending]:
    """Credit for every item that is gone or costs another amount, debit for what has taken its place."""
    old, new = ({item["id"]: item for item in items} for items in (before, after))
    gone = [item for name, item in old.items() if name not in new or _cost(new[name]) != _cost(item)]
    come = [item for name, item in new.items() if name not in old or _cost(old[name]) != _cost(item)]
    lines = credits(ctx, gone, now)
    for item in come:
        words = f"Remaining time on {_name(ctx, item)} after {_day(now)}"
        lines.append(_entry(item, part(_cost(item), share_left(item, now)), words, now))
        debited(ctx, item, _cost(item))
    return lines


def note(ctx: Context, subscription: Object, lines: list[Pending]) -> None:
    """Keep them for the subscription's next invoice."""
    ctx.store.hidden(subscription["id"]).setdefault("pending", []).extend(lines)


def is_pending(ctx: Context, subscription: Object) -> bool:
    """Whether something waits for the subscription's next invoice."""
    return bool(ctx.store.hidden(subscription["id"]).get("pending"))


def take(ctx: Context, subscription: Object) -> list[Pending]:
    """What waits for the subscription's next invoice, which is this one."""
    pending: list[Pending] = ctx.store.hidden(subscription["id"]).pop("pending", [])
    return pending


def _credit(ctx: Context, item: Object, since: int) -> Pending:
    paid = ctx.store.hidden(item["id"]).get("debited", 0)
    words = f"Unused time on {_name(ctx, item)} after {_day(since)}"
    return _entry(item, -part(paid, share_left(item, since)), words, since)


def _entry(item: Object, amount: int, words: str, since: int) -> Pending:
    return {
        "amount": amount,
        "description": words,
        "invoice_item": "ii_" + ids.token(24),
        "item": snapshot(item),
        "period": [max(since, item["current_period_start"]), item["current_period_end"]],
    }


def _cost(item: Object) -> int:
    return amount_minor(item["price"], item["quantity"])


def _name(ctx: Context, item: Object) -> str:
    product = ctx.store.get("product", item["price"]["product"])
    return f"{item['quantity']} × {product['name']}"


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%d %b %Y}"
