"""Connected accounts through /v2: recipients of transfers, and links for their owners."""

from __future__ import annotations

from typing import Any, NotRequired

from stripe.params.v2.core import AccountListParams

from sandbox.context import Context
from sandbox.engine import onboarding
from sandbox.errors import invalid, missing
from sandbox.events import changed, snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.handlers.accounts import existing
from sandbox.objects import Object, account_v2, merged_metadata
from sandbox.objects import account as accounts
from sandbox.paging import LIMIT

Params = dict[str, Any]
UNSIMULATED = ("account_token",)
SAID = ("contact_phone", "display_name")


class AccountPageParams(AccountListParams):
    """What a `next_page_url` carries beside the filters."""

    page: NotRequired[str]


def create(ctx: Context, params: Params) -> Object:
    """POST /v2/core/accounts: a recipient, who gets nothing before its owner has followed a link."""
    _check(params)
    dashboard = params.get("dashboard", "express")
    wanted = {
        "business_profile": {"name": params.get("display_name")},
        "capabilities": _capabilities(params),
        "controller": {"stripe_dashboard": {"type": dashboard}},
        "country": (params.get("identity") or {}).get("country", "us").upper(),
        "email": params.get("contact_email"),
        "metadata": params.get("metadata"),
    }
    account = ctx.store.add(accounts.build(wanted, ctx.now()))
    _said(ctx, account["id"]).update(
        {name: params.get(name) for name in SAID},
        entity_type=(params.get("identity") or {}).get("entity_type"),
        responsibilities=(params.get("defaults") or {}).get("responsibilities"),
    )
    return _view(ctx, account, params)


def retrieve(ctx: Context, params: Params, identifier: str) -> Object:
    """GET /v2/core/accounts/:id, accounts made through /v1 included."""
    return _view(ctx, existing(ctx, identifier, "id"), params)


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v2/core/accounts/:id: names, e-mail, metadata (null removes a key), and the capability of a recipient."""
    _check(params)
    account = existing(ctx, identifier, "id")
    before = snapshot(account)
    _said(ctx, identifier).update({name: params[name] for name in SAID if name in params})
    account["email"] = params.get("contact_email", account["email"])
    account["metadata"] = merged_metadata(account["metadata"], params.get("metadata"))
    status = "active" if account["payouts_enabled"] else "inactive"
    for name, wish in _capabilities(params).items():
        if wish["requested"]:
            account["capabilities"].setdefault(name, status)
        else:
            account["capabilities"].pop(name, None)
    changed(ctx.of(identifier), "account.updated", account, before)
    return _view(ctx, account, params)


def every(ctx: Context, params: Params) -> Object:
    """GET /v2/core/accounts, by applied configurations, newest first, a page at a time."""
    wanted = set(params.get("applied_configurations") or [])
    views = [_view(ctx, account, {}) for account in ctx.store.newest("account") if not account.get("deleted")]
    chosen = [view for view in views if wanted <= set(view["applied_configurations"]) and not params.get("closed")]
    start = _start(params.get("page", "0"), len(chosen))
    end = start + params.get("limit", LIMIT)
    return {
        "data": chosen[start:end],
        "next_page_url": _url(params, end) if end < len(chosen) else None,
        "previous_page_url": _url(params, max(start - params.get("limit", LIMIT), 0)) if start else None,
    }


def create_link(ctx: Context, params: Params) -> Object:
    """POST /v2/core/account_links: an address for one visit within minutes."""
    account = existing(ctx, params["account"], "account")
    use_case = params["use_case"]
    case = use_case.get(use_case["type"])
    if case is None:
        raise missing(f"use_case[{use_case['type']}]")
    if use_case["type"] == "account_update" and not account["details_submitted"]:
        raise invalid("This account has not been onboarded yet.", param="use_case[type]")
    back = case.get("return_url") or case["refresh_url"]
    url, expires_at = onboarding.new_link(ctx, account["id"], refresh_url=case["refresh_url"], return_url=back)
    return account_v2.link(account["id"], _complete(use_case), url, ctx.now(), expires_at)


def _check(params: Params) -> None:
    refuse_unsimulated(params, UNSIMULATED)
    configuration = params.get("configuration") or {}
    refuse_unsimulated(configuration, ("customer", "merchant"))
    recipient = (configuration.get("recipient") or {}).get("capabilities") or {}
    refuse_unsimulated(recipient, ("bank_accounts", "cards"))
    refuse_unsimulated(params.get("identity") or {}, ("attestations", "business_details", "individual"))
    refuse_unsimulated(params.get("defaults") or {}, ("currency", "locales", "profile"))


def _capabilities(params: Params) -> Params:
    recipient = (params.get("configuration") or {}).get("recipient") or {}
    transfers = ((recipient.get("capabilities") or {}).get("stripe_balance") or {}).get("stripe_transfers")
    return {"transfers": transfers} if transfers else {}


def _said(ctx: Context, account_id: str) -> Params:
    said: Params = ctx.store.hidden(account_id).setdefault("v2", {})
    return said


def _view(ctx: Context, account: Object, params: Params) -> Object:
    return account_v2.view(account, _said(ctx, account["id"]), params.get("include") or [])


def _start(page: str, count: int) -> int:
    if not page.isdecimal() or int(page) > count:
        raise invalid("Invalid page.", param="page")
    return int(page)


def _url(params: Params, start: int) -> str:
    wanted = params.get("applied_configurations") or []
    filters = [f"applied_configurations[{position}]={name}" for position, name in enumerate(wanted)]
    return "/v2/core/accounts?" + "&".join([*filters, f"limit={params.get('limit', LIMIT)}", f"page={start}"])


def _complete(use_case: Params) -> Object:
    """A link repeats its use case with every field."""
    blank = {"collection_options": None, "return_url": None}
    cases = {name: blank | case for name, case in use_case.items() if name != "type"}
    return {"account_onboarding": None, "account_update": None, "type": use_case["type"]} | cases
