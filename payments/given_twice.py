"""Money that Stripe gave back although the payer's bank had taken it already is an exception."""

from __future__ import annotations

from datetime import datetime

from ledger.discrepancies import Found
from ledger.operations.open_exception import close_exceptions, open_exception
from payments.discrepancies import GIVEN_TWICE, LOSS_NOT_SHARED
from payments.facts import Returned


def name_given_twice(fact: Returned, surplus_minor: int, *, now: datetime) -> None:
    """Have an exception open for what the refund of `fact` gave back above its payment, and none for nothing."""
    if surplus_minor:
        found = Found(fact.cause_ref, surplus_minor, fact.currency, f"of {fact.charge_ref}")
        open_exception(GIVEN_TWICE, found, now=now)
    else:
        close_exceptions(GIVEN_TWICE, [fact.cause_ref], now=now)


def name_loss_not_shared(dispute_ref: str, amount_minor: int, fact: Returned, *, now: datetime) -> None:
    """Have an exception open for a loss that was nobody's but ours, until the refund of `fact` came back."""
    found = Found(dispute_ref, amount_minor, fact.currency, f"after {fact.cause_ref} of {fact.charge_ref}")
    open_exception(LOSS_NOT_SHARED, found, now=now)
