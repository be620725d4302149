"""It is known with which day the books begin: what happened before it is in the opening balances, or nowhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction

from ledger.models import Entry, Opening
from ledger.operations.open_months import open_months
from people.models import Organisation
from people.queries import local_day

AHEAD_MAX: Final = timedelta(days=366)


class Outcome(StrEnum):
    BEGUN = "begun"
    ALREADY_BEGUN = "already_begun"


class AlreadyOpened(Exception):
    """Opening balances wait or are in the books: they belong to the day that was said before."""


class EntriesBefore(Exception):
    """The books hold entries of an earlier day, which the opening balances would count again."""


class TooFarAhead(ValueError):
    """The day lies more than a year ahead."""


@transaction.atomic
def begin_books(*, on: date, now: datetime) -> Outcome:
    """Have the books begin with the local day `on`, and open its months (docs/going-live.md).

    Do it before the first worker runs with the real key: what Stripe booked before that day is then kept without an
    entry. Another day may be said while nothing depends on this one. Raises AlreadyOpened, EntriesBefore, TooFarAhead.
    """
    org = Organisation.objects.select_for_update().get(pk=1)
    if org.books_begin_on == on:
        return Outcome.ALREADY_BEGUN
    if on > local_day(now, org) + AHEAD_MAX:
        raise TooFarAhead(f"{on.isoformat()} lies more than a year ahead.")
    standing = Opening.objects.filter(stands=True).first()
    if standing is not None:
        raise AlreadyOpened(
            f"{standing.ref} is of {standing.effective_on.isoformat()}: refuse it or take it back first."
        )
    before = Entry.objects.filter(effective_date__lt=on).exclude(kind="opening").order_by("effective_date")
    if first := before.first():
        raise EntriesBefore(
            f"The books hold {before.count()} entries before {on.isoformat()}, the first of"
            f" {first.effective_date.isoformat()} ({first.idempotency_key})."
        )
    org.books_begin_on = on
    org.save(update_fields=["books_begin_on"])
    open_months(around=now, since=on - timedelta(days=1))
    return Outcome.BEGUN
