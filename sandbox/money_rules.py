"""What Stripe refuses of refunds, payouts, disputes and transfers, whatever the balance holds."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.currencies import check_currency
from sandbox.errors import missing
from sandbox.refusals import at_least, at_most_one, email, exactly_one, url
from sandbox.session_rules import Request


def refund(request: Request) -> None:
    """One charge, named by itself or by its payment intent, and at least one cent."""
    exactly_one(request.params, "charge", "payment_intent")
    at_least(request.params.get("amount", 1), 1, "amount")


def payout(request: Request) -> None:
    """At least one cent of a currency that exists."""
    at_least(request.params["amount"], 1, "amount")
    check_currency(request.params["currency"], "currency")


def transfer(request: Request) -> None:
    """At least one cent of a currency that exists."""
    if "amount" not in request.params:
        raise missing("amount")
    payout(request)


def reversal(request: Request) -> None:
    """At least one cent."""
    at_least(request.params.get("amount", 1), 1, "amount")


def account(request: Request) -> None:
    """Either a type or what it stands for; an e-mail address is one."""
    at_most_one(request.params, "controller", "type")
    if "email" in request.params:
        email(request.params["email"], "email")
    if "default_currency" in request.params:
        check_currency(request.params["default_currency"], "default_currency")


def account_link(request: Request) -> None:
    """A way on and a way back."""
    for name in ("refresh_url", "return_url"):
        if name not in request.params:
            raise missing(name)
        url(request.params[name], name)


def account_v2(request: Request) -> None:
    """An e-mail address is one."""
    if "contact_email" in request.params:
        email(request.params["contact_email"], "contact_email")


def account_link_v2(request: Request) -> None:
    """The ways on and back are addresses."""
    for case in ("account_onboarding", "account_update"):
        for name in ("refresh_url", "return_url"):
            given = request.params["use_case"].get(case) or {}
            if name in given:
                url(given[name], f"use_case[{case}][{name}]")


RULES: dict[str, tuple[Callable[[Request], None], ...]] = {
    "account_links.create": (account_link,),
    "accounts.create": (account,),
    "accounts.update": (account,),
    "payouts.create": (payout,),
    "refunds.create": (refund,),
    "v2.core.account_links.create": (account_link_v2,),
    "v2.core.accounts.create": (account_v2,),
    "v2.core.accounts.update": (account_v2,),
    "transfers.create": (transfer,),
    "transfers.reversals.create": (reversal,),
}
