"""The owner of a connected account follows a link and answers Stripe's questions, or does not."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.context import Context
from sandbox.engine import paying_out
from sandbox.engine.payout_calendar import plan
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects import account as accounts

LINK_LIVES_S = 300


def new_link(ctx: Context, account_id: str, *, refresh_url: str, return_url: str) -> tuple[str, int]:
    """An address for one visit within five minutes, and when that ends."""
    token, expires_at = ids.token(32), ctx.now() + LINK_LIVES_S
    ctx.store.hidden(f"link {token}").update(
        account=account_id, expires_at=expires_at, refresh_url=refresh_url, return_url=return_url, used=False
    )
    return f"{ctx.base_url}/c/onboard/{token}", expires_at


def open_link(ctx: Context, token: str) -> tuple[str | None, str | None]:
    """Use a link: (visit, None) to answer the questions, or (None, address) where a dead link leads; none, no link."""
    found = ctx.store.private.get(f"link {token}")
    if found is None:
        return None, None
    if found["used"] or found["expires_at"] <= ctx.now():
        return None, str(found["refresh_url"])
    found["used"] = True
    visit = ids.token(32)
    ctx.store.hidden(f"visit {visit}").update(account=found["account"], return_url=found["return_url"])
    return visit, None


def visit_of(ctx: Context, visit: str) -> dict[str, Any] | None:
    """{account, return_url} of an owner who has followed a link."""
    return ctx.store.private.get(f"visit {visit}")


def change_bank(ctx: Context, account: Object, last4: str) -> None:
    """The owner has money paid out to another bank account from now on."""
    before = snapshot(account)
    there = ctx.of(account["id"])
    bank_account = paying_out.change_bank(there, account["default_currency"], last4)
    account["external_accounts"]["data"] = [snapshot(bank_account) | {"account": account["id"]}]
    emit(there, "account.updated", account, before=before)


def finish(ctx: Context, account: Object, *, restricted: bool = False) -> None:
    """The owner answers everything; Stripe is content, or wants to see more before any money moves."""
    before = snapshot(account)
    there = ctx.of(account["id"])
    if restricted:
        accounts.restricted(account)
    else:
        bank_account = paying_out.bank_account(there, account["default_currency"])
        accounts.answered(account, snapshot(bank_account) | {"account": account["id"]}, ctx.now())
    emit(there, "account.updated", account, before=before)
    plan(there)
