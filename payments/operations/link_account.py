"""The owner of a connected account can go to Stripe's questions: by a link for one visit, within minutes."""

from __future__ import annotations

from datetime import datetime

from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import StripeCall
from payments.operations.make_call import intend_call, make_call

__all__ = ["StripeRefused", "StripeUnavailable", "link_account"]


def link_account(
    *, subject: str, account_id: str, refresh_url: str, return_url: str, attempt_key: str, now: datetime
) -> str:
    """Make a link and return its address, which is kept nowhere. Never inside a transaction (RuntimeError).

    A dead link leads to `refresh_url`, where a new one can be made, and the way back to `return_url`, which does not
    mean that everything was answered. `attempt_key` is one per link. Raises StripeUnavailable (a link that nobody got
    harms nobody: make another), StripeRefused.
    """
    case = {"refresh_url": refresh_url, "return_url": return_url}
    call = intend_call(
        purpose=StripeCall.Purpose.LINK_ACCOUNT,
        subject=subject,
        target=account_id,
        params={"use_case": {"type": "account_onboarding", "account_onboarding": case}},
        meaning=[],
        key=f"account_link:{attempt_key}",
        now=now,
    )
    addresses: list[str] = []
    make_call(call, now=now, keep=lambda link: addresses.append(str(link.url)))
    return addresses[0]
