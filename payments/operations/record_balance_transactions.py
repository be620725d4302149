"""What Stripe booked is in our rows, and each of it in the books: once, or with an exception that says why not.

Events, the listing and the payouts all end here, at once if it so happens. A charge's row is locked before anything of
it is posted, by everybody, in one order; the entry's key and the row's id keep everything single.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import transaction

from ledger import builders
from ledger.builders import processor
from ledger.discrepancies import Found
from ledger.drafts import EntryDraft
from ledger.operations.open_exception import close_exceptions, open_exception
from ledger.operations.post_entry import BadPosting, Conflict, NoSuchMonth, UnknownAccount, post_entries
from payments.discrepancies import CHANGED, IN_SUSPENSE, NOT_POSTED
from payments.models import BalanceTransaction, Charge
from payments.readings import BalanceTransactionSeen, is_of_dispute, source_ref
from payments.transfer_bookings import booked_by_others
from people.queries import books_begin_at, local_day, organisation

TAKES_MONEY = ("charge", "payment")


class Kept(Enum):
    """Why a balance transaction has no entry and no problem either."""

    BEFORE_THE_BOOKS = "before the books"


Answer = int | str | Kept | None
_PROBLEMS: dict[type[Exception], str] = {
    Conflict: "conflict",
    NoSuchMonth: "no_such_month",
    BadPosting: "bad_posting",
    UnknownAccount: "unknown_account",
}


def record_balance_transactions(seen: Sequence[BalanceTransactionSeen], *, now: datetime) -> int:
    """Keep and post balance transactions; safe to repeat, in any order. Returns how many were new.

    One whose net is not amount minus fee, or that the ledger refuses, is kept unposted with its problem, and tried
    again whenever it is seen; so is one of a transfer of ours that nobody has booked yet. One of a category that has no
    place, or of a transfer that is not ours, is posted to suspense. Each of these opens an exception (rules/ledger.md
    section 7). What is posted never changes: a row that Stripe tells otherwise is one too. What was booked before the
    books began is kept and never posted: the opening balances hold it.
    """
    with transaction.atomic():
        wanted = {one.bt_id: one for one in sorted(seen, key=lambda one: one.bt_id)}
        rows = {row.bt_id: row for row in BalanceTransaction.objects.filter(bt_id__in=wanted)}
        # 1. Locks first: the charges that are not linked to their row yet.
        unlinked = [one for one in wanted.values() if one.bt_id not in rows or rows[one.bt_id].charge_id is None]
        charges = _lock_charges(unlinked)
        rows |= _lock_troubled(rows)
        # 2. What is new, or has not reached the books.
        fresh = [one for one in wanted.values() if one.bt_id not in rows]
        again = [one for one in wanted.values() if one.bt_id in rows and _is_unposted(rows[one.bt_id])]
        others = booked_by_others([*fresh, *again])
        posted = _post([one for one in (*fresh, *again) if one.bt_id not in others], now) | others
        made = [_row(one, posted[one.bt_id], charges) for one in fresh]
        BalanceTransaction.objects.bulk_create(made, ignore_conflicts=True)  # a rival's row has the same entry
        # 3. What may have changed of what is known.
        for bt_id, row in rows.items():
            _follow(row, wanted[bt_id], posted.get(bt_id), charges)
        # 4. What somebody has to look at.
        _name(fresh, again, posted, set(others), now)
        _name_changes([(rows[bt_id], wanted[bt_id]) for bt_id in rows if rows[bt_id].entry_id], now)
    return len(made)


def _lock_charges(seen: Collection[BalanceTransactionSeen]) -> dict[str, Charge]:
    """The charges that still lack their balance transaction, locked in one order."""
    ids = [one.source_id for one in seen if one.type in TAKES_MONEY]
    if not ids:
        return {}
    locked = Charge.objects.select_for_update(of=("self",)).filter(charge_id__in=ids).order_by("charge_id")
    charges = {charge.charge_id: charge for charge in locked}
    settled = BalanceTransaction.objects.filter(charge__in=charges.values()).values_list("charge__charge_id", flat=True)
    return {charge_id: charge for charge_id, charge in charges.items() if charge_id not in set(settled)}


def _lock_troubled(rows: dict[str, BalanceTransaction]) -> dict[str, BalanceTransaction]:
    """Those that are not in the books, locked and as they are now: a rival may just have posted one."""
    troubled = [bt_id for bt_id, row in rows.items() if _is_unposted(row)]
    if not troubled:
        return {}
    locked = BalanceTransaction.objects.select_for_update(of=("self",)).filter(bt_id__in=troubled).order_by("bt_id")
    return {row.bt_id: row for row in locked}


def _is_unposted(row: BalanceTransaction) -> bool:
    """With a problem, or of before the books, whose first day may be another one by now (`begin_books`)."""
    return bool(row.problem) or row.before_books


def _post(seen: Sequence[BalanceTransactionSeen], now: datetime) -> dict[str, Answer]:
    """Entry id, problem, Kept, or None where nothing moved, for each. One refusal costs the others nothing but time."""
    org = organisation() if seen else None
    begin_at = books_begin_at(org) if org else None
    answers: dict[str, Answer] = {}
    drafts: dict[str, EntryDraft] = {}
    for one in seen:
        if begin_at is not None and one.created_at < begin_at:
            answers[one.bt_id] = Kept.BEFORE_THE_BOOKS
        elif one.net_minor != one.amount_minor - one.fee_minor:
            answers[one.bt_id] = "net_differs"
        elif one.amount_minor == one.fee_minor == 0:
            answers[one.bt_id] = None
        else:
            drafts[one.bt_id] = _draft(one, local_day(one.created_at, org))
    try:
        with transaction.atomic():
            posted = post_entries(list(drafts.values()), now=now)
    except tuple(_PROBLEMS):
        return answers | {bt_id: _post_alone(draft, now) for bt_id, draft in drafts.items()}
    return answers | {bt_id: one.entry_id for bt_id, one in zip(drafts, posted, strict=True)}


def _post_alone(draft: EntryDraft, now: datetime) -> int | str:
    try:
        with transaction.atomic():
            return post_entries([draft], now=now)[0].entry_id
    except tuple(_PROBLEMS) as error:
        return _PROBLEMS[type(error)]


def _draft(seen: BalanceTransactionSeen, effective_on: Any) -> EntryDraft:
    return builders.balance_transaction(
        bt_ref=seen.ref,
        source=source_ref(seen),
        event_at=seen.created_at,
        effective_on=effective_on,
        currency=seen.currency,
        category=seen.category,
        amount_minor=seen.amount_minor,
        fee_minor=seen.fee_minor,
        of_dispute=is_of_dispute(seen),
    )


def _row(seen: BalanceTransactionSeen, answer: Answer, charges: dict[str, Charge]) -> BalanceTransaction:
    return BalanceTransaction(
        bt_id=seen.bt_id,
        charge=charges.pop(seen.source_id, None) if seen.type in TAKES_MONEY else None,
        created_at=seen.created_at,
        **_figures(seen),
        **_ending(answer),
    )


def _follow(
    row: BalanceTransaction,
    seen: BalanceTransactionSeen,
    answer: Answer,
    charges: dict[str, Charge],
) -> None:
    """Bring a row to date; the figures of what is in the books stay as they were posted."""
    fresh: dict[str, Any] = {"available_at": seen.available_at}
    if _is_unposted(row):
        fresh |= _figures(seen) | _ending(answer)
    if row.charge_id is None and seen.type in TAKES_MONEY and seen.source_id in charges:
        fresh["charge_id"] = charges.pop(seen.source_id).pk
    changed = [name for name, value in fresh.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fresh[name])
    if changed:
        row.save(update_fields=changed)


def _figures(seen: BalanceTransactionSeen) -> dict[str, Any]:
    return {
        "source_id": seen.source_id,
        "type": seen.type,
        "category": seen.category,
        "balance_type": seen.balance_type,
        "amount_minor": seen.amount_minor,
        "fee_minor": seen.fee_minor,
        "currency": seen.currency,
        "exchange_rate": seen.exchange_rate,
        "available_at": seen.available_at,
    }


def _ending(answer: Answer) -> dict[str, Any]:
    before = answer is Kept.BEFORE_THE_BOOKS
    return {
        "entry_id": answer if isinstance(answer, int) else None,
        "problem": answer if isinstance(answer, str) else "",
        "before_books": before,
    }


def _name(
    fresh: Sequence[BalanceTransactionSeen],
    again: Sequence[BalanceTransactionSeen],
    posted: dict[str, Answer],
    others: Collection[str],
    now: datetime,
) -> None:
    for one in (*fresh, *again):
        answer = posted[one.bt_id]
        if isinstance(answer, str):
            open_exception(NOT_POSTED, _found(one, _why(one, answer)), now=now)
        elif isinstance(answer, int) and one.bt_id not in others and not _has_its_place(one):
            open_exception(IN_SUSPENSE, _found(one, f"{one.category} of {one.source_id or 'nothing'}"), now=now)
    mended = [one.ref for one in again if not isinstance(posted[one.bt_id], str)]
    if mended:
        close_exceptions(NOT_POSTED, mended, now=now)


def _has_its_place(seen: BalanceTransactionSeen) -> bool:
    return processor.is_known(seen.category) and seen.balance_type == "payments"


def _name_changes(pairs: Sequence[tuple[BalanceTransaction, BalanceTransactionSeen]], now: datetime) -> None:
    for row, one in pairs:
        told = (one.amount_minor, one.fee_minor, one.currency, one.category)
        if told != (row.amount_minor, row.fee_minor, row.currency, row.category):
            open_exception(CHANGED, _found(one, f"posted as entry {row.entry_id}"), now=now)


def _why(seen: BalanceTransactionSeen, problem: str) -> str:
    return f"{problem}: the processor says {seen.net_minor}" if problem == "net_differs" else problem


def _found(seen: BalanceTransactionSeen, detail: str) -> Found:
    return Found(seen.ref, seen.amount_minor - seen.fee_minor, seen.currency, detail)
