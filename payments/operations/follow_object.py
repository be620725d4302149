"""What a Stripe object says now is true here too: looked at outside any transaction, applied in one.

A look is applied only when nobody else applied one of the same object since it began; otherwise it may be stale and is
repeated. So events may come in any order, twice, and race with the return page and the sweep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from payments.changes import changed_rows
from payments.facts import Fact
from payments.gateway import StripeUnavailable
from payments.models import ObjectVersion
from payments.operations.apply_fact import apply_fact
from payments.operations.record_account import record_account
from payments.operations.record_balance_transactions import record_balance_transactions
from payments.operations.record_charge import record_charge
from payments.operations.record_checkout import record_checkout
from payments.operations.record_payout import record_payout
from payments.operations.record_returns import ChargeNotTold, record_returns
from payments.operations.record_transfer import record_transfer
from payments.readings import Reading
from payments.registry import Reader, operations_for

LOOKS_MAX = 5


class StillChanging(StripeUnavailable):
    """Others applied looks at the object faster than we could: try again later."""


class _Stale(Exception):
    """Somebody applied a look that may be newer than ours."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What came of it: the operations' outcomes in order, or why there was nothing to do here.

    `changed` counts, where asked to, the rows that were added, changed or deleted, by table; empty when all was known.
    """

    outcomes: tuple[str, ...] = ()
    nothing: str = ""
    changed: Mapping[str, int] = field(default_factory=dict)


def follow_object(
    *, reader: Reader, object_id: str, at: datetime, now: datetime, keep: bool = True, count: bool = False
) -> Followed:
    """Look at the object with `reader` and apply what it shows. `at` dates what Stripe itself does not date.

    Without `keep` it is applied and taken back: only what would have come of it is told; `count` fills `changed`.
    Raises StripeUnavailable (nothing applied; try again), StripeRefused, and what the registered operations raise.
    """
    for _ in range(LOOKS_MAX):
        version = _version(object_id)
        reading = reader(object_id, at)
        try:
            return _apply(reading, object_id, version, now, keep=keep, count=count)
        except _Stale:
            continue
    raise StillChanging(object_id)


def apply_reading(*, reading: Reading, object_id: str, now: datetime) -> Followed:
    """Apply a look that our own change of the object just gave us: nothing can be newer."""
    return _apply(reading, object_id, None, now)


def _apply(
    reading: Reading, object_id: str, seen_version: int | None, now: datetime, *, keep: bool = True, count: bool = False
) -> Followed:
    with transaction.atomic():
        _advance(object_id, seen_version)
        before = changed_rows() if count else None
        not_told = False
        # 1. Rows of ours, and what follows from them.
        if reading.checkout is not None:
            record_checkout(reading.checkout)
        booked = record_transfer(reading.transfer) if reading.transfer is not None else []
        facts: list[Fact] = [*reading.facts]
        if reading.account is not None:
            facts += record_account(reading.account)
        if reading.charge is not None:
            charge = record_charge(reading.charge, now=now)
            if reading.returns is not None:
                returned = record_returns(charge, reading.returns)
                facts += returned or []
                not_told = returned is None
        # 2. Balance transactions; those of transfers are linked to the entries that their facts have just made.
        outcomes = _tell(booked, now)
        if reading.balance_transactions:
            record_balance_transactions(reading.balance_transactions, now=now)
        if reading.payout is not None:
            record_payout(reading.payout, now=now)
        # 3. Everything else that is true now.
        outcomes += _tell(facts, now)
        changed = {} if before is None else changed_rows() - before
        transaction.set_rollback(not keep)
    if not_told:  # its money is in the books all the same; whoever asked tries again
        raise ChargeNotTold(object_id)
    unheard = [f"{type(fact).__name__} of kind {fact.kind}" for fact in (*booked, *facts) if not operations_for(fact)]
    if unheard and not outcomes:
        return Followed(nothing=f"no operation for {', '.join(unheard)}", changed=changed)
    return Followed(outcomes=tuple(outcomes), nothing=reading.nothing, changed=changed)


def _tell(facts: Sequence[Fact], now: datetime) -> list[str]:
    return [str(outcome) for fact in facts for outcome in apply_fact(fact, now)]


def _version(object_id: str) -> int:
    return ObjectVersion.objects.filter(pk=object_id).values_list("version", flat=True).first() or 0


def _advance(object_id: str, seen_version: int | None) -> None:
    """Take the object's turn (its row's lock, until commit). Raises _Stale when the version is not the one we saw."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_objectversion AS v (object_id, version) VALUES (%s, 1)"
            " ON CONFLICT (object_id) DO UPDATE SET version = v.version + 1 RETURNING version",
            [object_id],
        )
        row = cursor.fetchone()
    assert row is not None
    if seen_version is not None and row[0] != seen_version + 1:
        raise _Stale(object_id)
