"""When money goes to the bank: weekdays by UTC, without holidays."""

from __future__ import annotations

from sandbox.context import Context
from sandbox.settings import DAY_S

SATURDAY = 5
THURSDAY_AT_ZERO = 3
"""The first of January 1970 was one; Monday is 0."""


def next_bank_day(unix_s: int) -> int:
    """The first midnight after `unix_s` with which a weekday begins."""
    midnight = (unix_s // DAY_S + 1) * DAY_S
    while (midnight // DAY_S + THURSDAY_AT_ZERO) % 7 >= SATURDAY:
        midnight += DAY_S
    return midnight


def plan(ctx: Context) -> None:
    """Ask for the next automatic payout, where the schedule is daily, money has moved and none is asked for yet."""
    kept = ctx.store.hidden("payouts")
    if ctx.settings.payout_schedule != "daily" or kept.get("planned"):
        return
    if any(not ctx.store.hidden(entry["id"]).get("payout") for entry in ctx.store.all("balance_transaction")):
        kept["planned"] = True
        ctx.store.schedule(next_bank_day(ctx.now()), "pay_out", "")
