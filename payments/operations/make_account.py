"""There is an account at Stripe to which transfers can go once its owner has answered; one for each attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from payments.facts import AccountRefused
from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import StripeCall
from payments.operations.apply_fact import apply_fact
from payments.operations.follow_object import follow_object
from payments.operations.make_call import AttemptKeyReused, intend_call, make_call
from payments.readers.accounts import read_account

__all__ = ["AccountRequest", "AttemptKeyReused", "StripeRefused", "StripeUnavailable", "finish_account", "make_account"]


@dataclass(frozen=True, kw_only=True)
class AccountRequest:
    """For whom an account is wanted. `kind` ("partner_account") and `subject` ("partner_account:3") come back in every
    fact about it; `name` and `email` are what Stripe shows its owner; `country` has two letters.

    `attempt_key` ("partner_account:3") begins with the kind and is one per attempt: the same key makes one account.
    """

    kind: str
    subject: str
    name: str
    email: str
    country: str
    attempt_key: str


def make_account(*, request: AccountRequest, now: datetime) -> str:
    """Ask for the account and tell AccountChanged; returns its id. Never inside a transaction (RuntimeError).

    Whoever asks commits their own row before, and registers in `config/stripe_events.py`:

        on(AccountChanged, kind, ...)     it is there, and each time it was looked at from then on
        on(AccountRefused, kind, ...)     Stripe will not make it

    Raises StripeUnavailable (nobody knows: the same attempt_key again at any time; the sweep does so by itself, and
    after 20 hours looks for it among all accounts), StripeRefused (AccountRefused has been told), AttemptKeyReused.
    """
    assert request.attempt_key.partition(":")[0] == request.kind, "the key begins with the kind"
    call = intend_call(
        purpose=StripeCall.Purpose.MAKE_ACCOUNT,
        subject=request.subject,
        params=_params(request),
        meaning=[request.kind],
        key=f"account:{request.attempt_key}",
        now=now,
    )
    return finish_account(call, now=now)


def finish_account(call: StripeCall, *, now: datetime) -> str:
    """Send the call if it has no answer yet, and apply what the account then shows; as `make_account`."""
    kind = call.idempotency_key.partition(":")[2].partition(":")[0]
    try:
        if call.state == StripeCall.State.FAILED:
            raise StripeRefused(call.error, code=call.error.partition(" ")[0])
        if call.state != StripeCall.State.DONE:
            make_call(call, now=now)
    except StripeRefused as refusal:
        apply_fact(AccountRefused(kind=kind, subject=call.subject, code=refusal.code), now)
        raise
    follow_object(reader=read_account, object_id=call.result_id, at=now, now=now)
    return call.result_id


def _params(request: AccountRequest) -> dict[str, object]:
    """A recipient of transfers (rules/stripe.md section 6); whatever else Stripe wants to know, it asks the owner."""
    wanted = {"stripe_balance": {"stripe_transfers": {"requested": True}}}
    return {
        "display_name": request.name,
        **({"contact_email": request.email} if request.email else {}),
        "dashboard": "express",
        "identity": {"country": request.country},
        "configuration": {"recipient": {"capabilities": wanted}},
        "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
        "metadata": {"kind": request.kind, "subject": request.subject},
    }
