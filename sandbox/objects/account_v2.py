"""The connected account and its link as /v2 shows them: the same account, told in another way."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from sandbox.objects import Object

PARTS = ("configuration", "defaults", "future_requirements", "identity", "requirements")


def view(account: Object, said: dict[str, Any], include: Iterable[str]) -> Object:
    """An account by what the platform `said` of it; parts that nobody asked to `include` are null."""
    wanted = {name.partition(".")[0] for name in include}
    receives = "transfers" in account["capabilities"]
    parts = {
        "configuration": {"customer": None, "merchant": None, "recipient": _recipient(account) if receives else None},
        "defaults": _defaults(account, said),
        "future_requirements": {"alternatives": [], "entries": [], "minimum_transition_date": None, "summary": None},
        "identity": {
            "attestations": None,
            "business_details": None,
            "country": account["country"].lower(),
            "entity_type": said.get("entity_type") or account["business_type"],
            "individual": None,
        },
        "requirements": _requirements(account),
    }
    return {
        "id": account["id"],
        "object": "v2.core.account",
        "applied_configurations": ["recipient"] if receives else [],
        "closed": False,
        "contact_email": account["email"],
        "contact_phone": said.get("contact_phone"),
        "created": moment(account["created"]),
        "dashboard": account["controller"]["stripe_dashboard"]["type"],
        "display_name": said.get("display_name") or account["business_profile"]["name"],
        "livemode": False,
        "metadata": account["metadata"],
    } | {name: parts[name] if name in wanted else None for name in PARTS}


def link(account_id: str, use_case: Object, url: str, now: int, expires_at: int) -> Object:
    """Leads to the questions once, and soon no more."""
    return {
        "object": "v2.core.account_link",
        "account": account_id,
        "created": moment(now),
        "expires_at": moment(expires_at),
        "livemode": False,
        "url": url,
        "use_case": use_case,
    }


def moment(unix_s: int) -> str:
    """As /v2 writes times: 2026-11-02T12:00:00.000Z."""
    return datetime.datetime.fromtimestamp(unix_s, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _recipient(account: Object) -> Object:
    return {
        "applied": True,
        "capabilities": {
            "bank_accounts": None,
            "cards": None,
            "stripe_balance": {
                "payouts": _capability(active=account["payouts_enabled"]),
                "stripe_transfers": _capability(active=account["capabilities"]["transfers"] == "active"),
            },
        },
    }


def _capability(*, active: bool) -> Object:
    if active:
        return {"status": "active", "status_details": []}
    detail = {"code": "requirements_past_due", "resolution": "provide_info"}
    return {"status": "restricted", "status_details": [detail]}


def _defaults(account: Object, said: dict[str, Any]) -> Object:
    responsibilities = said.get("responsibilities") or {}
    return {
        "currency": account["default_currency"],
        "locales": None,
        "profile": {
            "business_url": account["business_profile"]["url"],
            "doing_business_as": account["business_profile"]["name"],
            "product_description": account["business_profile"]["product_description"],
        },
        "responsibilities": {
            "fees_collector": responsibilities.get("fees_collector", "application"),
            "losses_collector": responsibilities.get("losses_collector", "application"),
            "requirements_collector": account["controller"]["requirement_collection"],
        },
    }


def _requirements(account: Object) -> Object:
    due = [_entry(name) for name in account["requirements"]["past_due"]]
    return {
        "alternatives": [],
        "entries": due,
        "summary": {"minimum_deadline": {"status": "past_due", "time": None}} if due else None,
    }


def _entry(description: str) -> Object:
    deadline = {"status": "past_due"}
    held = {"capability": "stripe_balance.stripe_transfers", "configuration": "recipient", "deadline": deadline}
    return {
        "awaiting_action_from": "user",
        "description": description,
        "errors": [],
        "impact": {"restricts_capabilities": [held]},
        "minimum_deadline": deadline,
        "reference": None,
        "requested_reasons": [{"code": "routine_onboarding"}],
    }
