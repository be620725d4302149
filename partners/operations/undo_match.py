"""Lines and payouts are not the same after all: what was posted is taken back by new entries, and nothing is edited."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import builders
from ledger.drafts import AccountRef
from ledger.models import Account, Entry
from ledger.operations.post_entry import post_entries
from partners.models import Match, MatchEntry, MatchItem, PartnerPayout
from partners.operations.name_statement_differences import name_statement_differences
from partners.operations.settle_matches import decide
from partners.operations.settle_payout import back_in_flight
from people.models import User
from people.queries import local_day


class NotUndoable(Exception):
    """The match was undone before, or what it settled has moved on since; `str(error)` says which."""


@transaction.atomic
def undo_match(*, match_id: int, by: User, now: datetime, reason: str = "") -> Match:
    """Say that a match is none; it is not proposed again. A confirmed one is booked back today. Raises NotUndoable."""
    payout_ids = MatchItem.objects.filter(match=match_id, payout__isnull=False).values("payout")
    payouts = list(PartnerPayout.objects.select_for_update(of=("self",)).filter(pk__in=payout_ids).order_by("id"))
    match = Match.objects.select_for_update().get(pk=match_id)
    if match.state == Match.State.UNDONE:
        raise NotUndoable("This match was undone before.")
    if match.state == Match.State.CONFIRMED:
        if match.kind == Match.Kind.RETURNED:
            raise NotUndoable("What came back is owed again and may be in another payout: correct it by hand.")
        if any(payout.state != PartnerPayout.State.SETTLED for payout in payouts):
            raise NotUndoable("The payout has come back since: undo that first.")
        _book_back(match, by, now)
        for payout in payouts:
            back_in_flight(payout)
    MatchItem.objects.filter(match=match).update(is_active=False)
    counts_again = match.kind == Match.Kind.DUPLICATE and match.state == Match.State.CONFIRMED
    decide([match.pk], Match.State.UNDONE, by, now, reason)
    if counts_again:
        name_statement_differences(now=now)
    match.refresh_from_db()
    return match


def _book_back(match: Match, by: User, now: datetime) -> None:
    entries = Entry.objects.filter(pk__in=match.entries.values("entry")).order_by("id")
    entries = entries.prefetch_related("postings__debit", "postings__credit")
    drafts = [
        builders.booked_back(
            kind=_KINDS[entry.kind],
            reverses_key=entry.idempotency_key,
            postings=[(_ref(one.debit), _ref(one.credit), one.amount_minor) for one in entry.postings.all()],
            source=entry.source,
            event_at=now,
            effective_on=local_day(now),
            currency=entry.postings.all()[0].currency,
            actor=f"user:{by.pk}",
        )
        for entry in entries
    ]
    posted = post_entries(drafts, now=now) if drafts else []
    MatchEntry.objects.bulk_create(MatchEntry(match=match, entry_id=one.entry_id) for one in posted)


def _ref(account: Account) -> AccountRef:
    return AccountRef(account.purpose, account.owner)


_KINDS = {"bank_line": "bank_line_undone", "payout_settled": "payout_unsettled"}
