"""A partner's statement for a month is asked for: its figures are frozen, and a worker will make the file."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import connection, transaction

from ledger.operations.seal_entries import seal_all
from partners.models import Partner
from people import clock
from people.models import User
from people.queries import local_day, month_bounds
from people.wake import wake
from reports.models import Document
from reports.statements import TEMPLATE_VERSION, Statement, cut_of, partner_statement

TASK = "reports.tasks.render_documents"


class MonthNotBegun(ValueError):
    """A statement of a month that lies ahead would say nothing."""


class Outcome(StrEnum):
    NEW = "new"
    UNCHANGED = "unchanged"
    TRIED_AFRESH = "tried_afresh"


class Requested(NamedTuple):
    document: Document
    outcome: Outcome


def request_statement(*, partner: Partner, month: str, by: User | None, now: datetime) -> Requested:
    """Freeze the figures of `month` ("2026-10") as of its last day and a sequence number (rules/sealing.md "As of").

    Returns the document that shows them. Asking again while nothing has changed gives the same document (one that
    failed is tried afresh); when figures have changed, or the month was opened and closed again, a new version
    supersedes the last, which stays as it is. Not inside a transaction: the sealer has its own.
    Raises ValueError for a word that is no month, MonthNotBegun, ContentMismatch; then nothing was written.
    """
    first_day, last_day = month_bounds(month)
    if local_day(now) < first_day:
        raise MonthNotBegun(f"{month} has not begun yet.")
    # 1. Only what is sealed is stated.
    seal_all()
    with transaction.atomic(durable=True):
        # 2. One request after the other.
        _take_turn()
        # 3. The figures are a pure function of day and number, so whatever is posted meanwhile is in all or in none.
        statement = partner_statement(partner, month, now, cut_of(month))
        last = (
            Document.objects.filter(kind=Document.Kind.PARTNER_STATEMENT, subject=partner.owner, period=month)
            .order_by("-version")
            .first()
        )
        if last and last.inputs_hash == statement.content_hash():
            return _again(last)
        document = _freeze(statement, subject=partner.owner, as_of=last_day, last=last, by=by, now=now)
        wake(TASK)
    return Requested(document, Outcome.NEW)


def _take_turn() -> None:
    """Wait for whoever freezes a statement now; bars no reader and no worker."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE reports_document IN SHARE UPDATE EXCLUSIVE MODE")


def _freeze(
    statement: Statement, *, subject: str, as_of: date, last: Document | None, by: User | None, now: datetime
) -> Document:
    return Document.objects.create(
        kind=Document.Kind.PARTNER_STATEMENT,
        subject=subject,
        period=statement.month,
        version=last.version + 1 if last else 1,
        template_version=TEMPLATE_VERSION,
        as_of=as_of,
        through_seq=statement.through_seq,
        final=statement.final,
        inputs=statement.inputs(),
        inputs_hash=statement.content_hash(),
        supersedes=last,
        requested_by=by,
        requested_at=now,
        next_attempt_at=clock.wall_now(),
    )


def _again(document: Document) -> Requested:
    if document.state != Document.State.FAILED:
        return Requested(document, Outcome.UNCHANGED)
    document.state, document.attempts = Document.State.REQUESTED, 0
    document.next_attempt_at = clock.wall_now()
    document.save(update_fields=["state", "attempts", "next_attempt_at"])
    wake(TASK)
    return Requested(document, Outcome.TRIED_AFRESH)
