"""What does not add up is named, once while it is so; what adds up again is closed by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog
from django.db import transaction
from django.db.models import QuerySet

from ledger.discrepancies import Discrepancy, Found
from ledger.models import ReconciliationException as Row

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    OPENED = "opened"
    ALREADY_OPEN = "already_open"
    SETTLED_BEFORE = "settled_before"


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of a kind were opened, and how many closed by themselves."""

    opened: int
    closed: int


@transaction.atomic
def open_exception(kind: Discrepancy, found: Found, *, now: datetime) -> Outcome:
    """Name a discrepancy, with the age limit of its kind; the amount of one that is open already is brought to date.

    What a person settled stays settled while amount and currency are the same. Joins the caller's transaction.
    """
    if _settled(kind, [found]):
        return Outcome.SETTLED_BEFORE
    row, made = Row.objects.get_or_create(
        kind=kind.word,
        subject=found.subject,
        resolved_at__isnull=True,
        defaults={**_figures(found), "opened_at": now, "due_at": now + kind.limit},
    )
    if made:
        log.warning("exception_opened", kind=kind.word, subject=found.subject, **_figures(found))
        return Outcome.OPENED
    _bring_to_date(row, found)
    return Outcome.ALREADY_OPEN


def close_exceptions(kind: Discrepancy, subjects: Iterable[str], *, now: datetime) -> int:
    """The cause is gone for these subjects. Returns how many exceptions that closed; none is normal."""
    return _close(Row.objects.filter(kind=kind.word, subject__in=list(subjects), resolved_at__isnull=True), now)


@transaction.atomic
def open_exceptions(kind: Discrepancy, found: Sequence[Found], *, now: datetime) -> int:
    """Name many of a kind, one for each subject, as `open_exception` names one; in a few statements. Returns how many
    are new."""
    subjects = {one.subject: one for one in found}
    standing = {row.subject: row for row in Row.objects.filter(kind=kind.word, resolved_at__isnull=True)}
    for subject, row in standing.items():
        if subject in subjects:
            _bring_to_date(row, subjects[subject])
    fresh = [one for one in subjects.values() if one.subject not in standing]
    settled = _settled(kind, fresh)
    rows = [
        Row(kind=kind.word, subject=one.subject, opened_at=now, due_at=now + kind.limit, **_figures(one))
        for one in fresh
        if one.subject not in settled
    ]
    # A rival may have opened the same meanwhile: then it is open, and that is all that is wanted.
    Row.objects.bulk_create(rows, batch_size=2_000, ignore_conflicts=True)
    if rows:
        log.warning("exceptions_opened", kind=kind.word, number=len(rows), first=rows[0].subject)
    return len(rows)


@transaction.atomic
def keep_exceptions(kind: Discrepancy, found: Sequence[Found], *, now: datetime) -> Kept:
    """Have exactly these open of a kind: `found` is everything that does not add up now, one for each subject."""
    subjects = {one.subject for one in found}
    standing = Row.objects.filter(kind=kind.word, resolved_at__isnull=True).values_list("pk", "subject")
    over = [pk for pk, subject in standing if subject not in subjects]
    gone = _close(Row.objects.filter(pk__in=over, resolved_at__isnull=True), now)
    return Kept(opened=open_exceptions(kind, found, now=now), closed=gone)


def _settled(kind: Discrepancy, found: Sequence[Found]) -> set[str]:
    """Those whose last exception a person settled at the amount that they still have."""
    if not found:
        return set()
    rows = Row.objects.filter(kind=kind.word, subject__in=[one.subject for one in found]).order_by("id")
    last = {row.subject: row for row in rows}
    return {
        one.subject
        for one in found
        if (row := last.get(one.subject)) is not None
        and row.resolution not in ("", Row.Resolution.GONE)
        and (row.amount_minor, row.currency) == (one.amount_minor, one.currency)
    }


def _bring_to_date(row: Row, found: Found) -> None:
    changed = [name for name, value in _figures(found).items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, _figures(found)[name])
    if changed:
        row.save(update_fields=changed)


def _close(rows: QuerySet[Row], now: datetime) -> int:
    return rows.update(resolved_at=now, resolution=Row.Resolution.GONE)


def _figures(found: Found) -> dict[str, int | str | None]:
    return {"amount_minor": found.amount_minor, "currency": found.currency, "detail": found.detail[:200]}
