"""A partner's statement for a month is asked for: its figures are frozen, and a worker will make the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import connection, transaction

from partners.models import Partner
from people import clock
from people.models import User
from people.queries import local_day, month_bounds
from people.wake import wake
from reports.models import Document
from reports.statements import TEMPLATE_VERSION, Statement, partner_statement

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
    """Freeze the figures of `month` ("2026-10") and return the document that shows them.

    Asking again while nothing has changed gives the same document (one that failed is tried afresh); when figures have
    changed a new version supersedes the last, which stays as it is. Not inside a transaction: the figures are read
    from one snapshot. Raises ValueError for a word that is no month, MonthNotBegun.
    """
    first_day, _ = month_bounds(month)
    if local_day(now) < first_day:
        raise MonthNotBegun(f"{month} has not begun yet.")
    with _alone_in_one_snapshot():
        statement = partner_statement(partner, month, now)
        last = (
            Document.objects.filter(kind=Document.Kind.PARTNER_STATEMENT, subject=partner.owner, period=month)
            .order_by("-version")
            .first()
        )
        if last and last.inputs_hash == statement.content_hash():
            return _again(last)
        document = _freeze(statement, subject=partner.owner, last=last, by=by, now=now)
        wake(TASK)
    return Requested(document, Outcome.NEW)


@contextmanager
def _alone_in_one_snapshot() -> Iterator[None]:
    """One request after the other, and every query of it sees the same moment of the books.

    The lock comes before the first query, because that is what takes the snapshot; it bars no reader and no worker.
    A test that runs in a transaction of its own has no other session to be told apart from.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("LOCK TABLE reports_document IN SHARE UPDATE EXCLUSIVE MODE")
        yield


def _freeze(statement: Statement, *, subject: str, last: Document | None, by: User | None, now: datetime) -> Document:
    return Document.objects.create(
        kind=Document.Kind.PARTNER_STATEMENT,
        subject=subject,
        period=statement.month,
        version=last.version + 1 if last else 1,
        template_version=TEMPLATE_VERSION,
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
