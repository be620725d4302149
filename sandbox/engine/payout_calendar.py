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


def is_daily(ctx: Context) -> bool:
    """Whether money leaves by itself: by setting, or for a connected account by its own, once it may have payouts."""
    if ctx.account is None:
        return ctx.settings.payout_schedule == "daily"
    account = ctx.platform.store.get("account", ctx.account)
    return bool(account["payouts_enabled"]) and account["settings"]["payouts"]["schedule"]["interval"] == "daily"


def kept(ctx: Context) -> dict[str, bool]:
    """Whether the next automatic payout is planned, for the platform and each account apart."""
    return ctx.store.hidden(f"payouts of {ctx.account or 'the platform'}")


def plan(ctx: Context) -> None:
    """Ask for the next automatic payout, where the schedule is daily, money has moved and none is asked for yet."""
    if not is_daily(ctx) or kept(ctx).get("planned"):
        return
    if any(not ctx.store.hidden(entry["id"]).get("payout") for entry in ctx.store.all("balance_transaction")):
        kept(ctx)["planned"] = True
        ctx.store.schedule(next_bank_day(ctx.now()), "pay_out", "")
