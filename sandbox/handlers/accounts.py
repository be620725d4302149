"""Connected accounts, and links for their owners."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import onboarding
from sandbox.engine.booking import total
from sandbox.engine.payout_calendar import plan
from sandbox.errors import invalid, no_such
from sandbox.events import changed, snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.objects import Object, merged_metadata
from sandbox.objects import account as accounts
from sandbox.paging import page

Params = dict[str, Any]
UNSIMULATED = (
    "account_token",
    "company",
    "documents",
    "external_account",
    "groups",
    "individual",
    "tos_acceptance",
)
INTERVALS = ("daily", "manual")


def create(ctx: Context, params: Params) -> Object:
    """POST /v1/accounts: nothing is active before the owner has followed a link."""
    _check(params)
    account = ctx.store.add(accounts.build(params, ctx.now()))
    ctx.of(account["id"])
    return account


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/accounts/:id."""
    return existing(ctx, identifier, "account")


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/accounts/:id: e-mail, profile, schedule of payouts, further capabilities, metadata."""
    _check(params)
    account = existing(ctx, identifier, "account")
    before = snapshot(account)
    for name in ("business_type", "default_currency", "email"):
        account[name] = params.get(name, account[name])
    account["metadata"] = merged_metadata(account["metadata"], params.get("metadata"))
    account["business_profile"] |= params.get("business_profile") or {}
    schedule = _schedule(params)
    if "interval" in schedule:
        account["settings"]["payouts"]["schedule"]["interval"] = schedule["interval"]
    status = "active" if account["payouts_enabled"] else "inactive"
    for name, wish in (params.get("capabilities") or {}).items():
        if wish.get("requested"):
            account["capabilities"].setdefault(name, status)
        else:
            account["capabilities"].pop(name, None)
    changed(ctx.of(identifier), "account.updated", account, before)
    plan(ctx.of(identifier))
    return account


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/accounts, by created."""
    return page(ctx, "account", params, "/v1/accounts")


def delete(ctx: Context, _params: Params, identifier: str) -> Object:
    """DELETE /v1/accounts/:id, once its balance is zero."""
    account = existing(ctx, identifier, "account")
    if total(ctx.of(identifier), account["default_currency"]) != 0:
        raise invalid("This account has a balance: it cannot be deleted.", param="account")
    ctx.store.add({"id": identifier, "object": "account", "created": account["created"], "deleted": True})
    return {"id": identifier, "object": "account", "deleted": True}


def create_link(ctx: Context, params: Params) -> Object:
    """POST /v1/account_links: an address for one visit within minutes."""
    account = existing(ctx, params["account"], "account")
    if params["type"] == "account_update" and account["controller"]["requirement_collection"] != "application":
        raise invalid("You cannot create `account_update` type Account Links for this account.", param="type")
    url, expires_at = onboarding.new_link(
        ctx, account["id"], refresh_url=params["refresh_url"], return_url=params["return_url"]
    )
    return accounts.link(url, ctx.now(), expires_at)


def existing(ctx: Context, identifier: str, param: str) -> Object:
    """An account that has not been deleted; 404 otherwise."""
    account = ctx.store.get("account", identifier, param)
    if account.get("deleted"):
        raise no_such("account", identifier, param=param)
    return account


def _check(params: Params) -> None:
    refuse_unsimulated(params, UNSIMULATED)
    settings = params.get("settings") or {}
    refuse_unsimulated(settings, [name for name in settings if name != "payouts"])
    payouts = settings.get("payouts") or {}
    refuse_unsimulated(payouts, [name for name in payouts if name != "schedule"])
    schedule = _schedule(params)
    refuse_unsimulated(schedule, [name for name in schedule if name != "interval"])
    if schedule.get("interval", "daily") not in INTERVALS:
        refuse_unsimulated({f"interval: {schedule['interval']}": True}, (f"interval: {schedule['interval']}",))


def _schedule(params: Params) -> Params:
    schedule: Params = ((params.get("settings") or {}).get("payouts") or {}).get("schedule") or {}
    return schedule
