"""A connected account: what it may receive, what Stripe still wants to know, and which bank it pays out to."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

import stripe

from payments import gateway
from payments.gateway import NoSuchObject
from payments.readers.words import present, word
from payments.readings import AccountSeen, Reading

WANTED_MAX = 40


def read_account(object_id: str, at: datetime) -> Reading:
    """Look at an account (`acct_…`). One that Stripe no longer knows is closed, which is news and no error.

    Accounts of /v2 show themselves here too, and only here with the last four digits of their bank.
    """
    try:
        account = gateway.client().account(object_id)
    except NoSuchObject:
        return Reading(account=AccountSeen(account_id=object_id, is_closed=True, seen_at=at))
    return Reading(account=_seen(account, at))


def _seen(account: stripe.Account, at: datetime) -> AccountSeen:
    requirements = present(account, "requirements")
    bank = _bank(account)
    return AccountSeen(
        account_id=account.id,
        is_closed=bool(present(account, "deleted")),
        takes_transfers=present(present(account, "capabilities"), "transfers") == "active",
        charges_enabled=bool(present(account, "charges_enabled")),
        payouts_enabled=bool(present(account, "payouts_enabled")),
        wanted=tuple(present(requirements, "currently_due") or ())[:WANTED_MAX],
        disabled_reason=str(present(requirements, "disabled_reason") or "")[:100],
        bank_last4=str(present(bank, "last4") or "")[-4:],
        bank_mark=_mark(bank),
        attempt_key=word(present(account, "metadata"), "attempt"),
        seen_at=at,
    )


def _bank(account: stripe.Account) -> Any:
    """The bank account (or card) that payouts in the account's own currency go to."""
    listed = present(present(account, "external_accounts"), "data") or []
    currency = present(account, "default_currency")
    ours = [one for one in listed if present(one, "currency") in (currency, None)]
    standing = [one for one in ours if present(one, "default_for_currency")]
    return next(iter([*standing, *ours]), None)


def _mark(bank: Any) -> str:
    """The same for the same bank account. Stripe's fingerprint says nothing of its numbers, and no key of ours is in
    it: one that was replaced would look like another bank."""
    if bank is None:
        return ""
    said = str(present(bank, "fingerprint") or present(bank, "id"))
    return sha256(f"bank:{said}".encode()).hexdigest()
