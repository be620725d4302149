"""The connected account, and the link that leads its owner to Stripe's questions."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import Object, empty_address, listed, metadata

QUESTIONS = ["business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
"""What Stripe wants to know before money may go to an account."""
DASHBOARDS = {"custom": "none", "express": "express", "standard": "full"}


def build(params: dict[str, Any], now: int) -> Object:
    """An account about which nothing is known yet but what the platform said."""
    identifier = ids.make("account")
    kind = params.get("type") or ("none" if params.get("controller") else "standard")
    requested = [name for name, wish in (params.get("capabilities") or {}).items() if (wish or {}).get("requested")]
    return {
        "id": identifier,
        "object": "account",
        "business_profile": _business_profile(params.get("business_profile") or {}),
        "business_type": params.get("business_type"),
        "capabilities": dict.fromkeys(requested, "inactive"),
        "charges_enabled": False,
        "controller": _controller(kind, params.get("controller") or {}),
        "country": params.get("country", "US"),
        "created": now,
        "default_currency": params.get("default_currency", "usd"),
        "details_submitted": False,
        "email": params.get("email"),
        "external_accounts": listed([], f"/v1/accounts/{identifier}/external_accounts"),
        "future_requirements": _requirements([], None),
        "metadata": metadata(params.get("metadata")),
        "payouts_enabled": False,
        "requirements": _requirements(list(QUESTIONS), "requirements.past_due"),
        "settings": _settings(params.get("settings") or {}),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": kind,
    }


def answered(account: Object, bank_account: Object, now: int) -> None:
    """The owner has told everything: what was requested is active, and money may leave."""
    account["external_accounts"]["data"] = [bank_account]
    account.update(
        business_type=account["business_type"] or "company",
        capabilities=dict.fromkeys(account["capabilities"], "active"),
        charges_enabled="card_payments" in account["capabilities"],
        details_submitted=True,
        payouts_enabled=True,
        requirements=_requirements([], None),
        tos_acceptance={"date": now, "ip": "127.0.0.1", "user_agent": None},
    )


def restricted(account: Object) -> None:
    """The owner has answered, and Stripe wants to see a document before any money moves."""
    wanted = ["company.verification.document"]
    account.update(
        capabilities=dict.fromkeys(account["capabilities"], "inactive"),
        charges_enabled=False,
        details_submitted=True,
        payouts_enabled=False,
        requirements=_requirements(wanted, "requirements.past_due", past_due=wanted),
    )


def link(url: str, now: int, expires_at: int) -> Object:
    """Leads to the questions once, and soon no more."""
    return {"object": "account_link", "created": now, "expires_at": expires_at, "url": url}


def _business_profile(given: Object) -> Object:
    empty = (
        "annual_revenue",
        "estimated_worker_count",
        "mcc",
        "minority_owned_business_designation",
        "name",
        "product_description",
        "support_address",
        "support_email",
        "support_phone",
        "support_url",
        "url",
    )
    profile: Object = dict.fromkeys(empty) | {name: value or None for name, value in given.items()}
    if profile["support_address"] is not None:
        profile["support_address"] = empty_address() | profile["support_address"]
    return profile


def _controller(kind: str, given: Object) -> Object:
    standard = kind == "standard"
    return {
        "fees": {"payer": (given.get("fees") or {}).get("payer", "account" if standard else "application_express")},
        "is_controller": True,
        "losses": {"payments": (given.get("losses") or {}).get("payments", "stripe" if standard else "application")},
        "requirement_collection": given.get("requirement_collection", "application" if kind == "custom" else "stripe"),
        "stripe_dashboard": {
            "type": (given.get("stripe_dashboard") or {}).get("type", DASHBOARDS.get(kind, "full")),
        },
        "type": "application",
    }


def _requirements(due: list[str], disabled_reason: str | None, *, past_due: list[str] | None = None) -> Object:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": disabled_reason,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due if past_due is None else past_due),
        "pending_verification": [],
    }


def _settings(given: Object) -> Object:
    schedule = (given.get("payouts") or {}).get("schedule") or {}
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": schedule.get("interval", "daily")},
            "statement_descriptor": None,
        },
    }
