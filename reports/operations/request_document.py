"""A partner's statement for a month is asked for: its figures are frozen, and a worker will make the file."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import Partner
from people import clock
from people.models import User
from people.wake import wake
from reports.models import Document
from reports.statements import TEMPLATE_VERSION, partner_statement

TASK = "reports.tasks.render_documents"


class MonthNotBegun(ValueError):
    """A statement of a month that lies ahead would say nothing."""


@transaction.atomic
def request_statement(*, partner: Partner, month: str, by: User | None, now: datetime) -> Document:
    """Freeze the figures of `month` ("2026-10") and return the document that shows them.

    Asking again while nothing has changed gives the same document (one that failed is tried afresh); when figures have
    changed a new version supersedes the last, which stays as it is. Raises ValueError for a word that is no month,
    MonthNotBegun.
    """
    statement = partner_statement(partner, month, now)
    if statement.figured_on < statement.first_day:
        raise MonthNotBegun(f"{month} has not begun yet.")
    Partner.objects.select_for_update().get(pk=partner.pk)
    last = (
        Document.objects.filter(kind=Document.Kind.PARTNER_STATEMENT, subject=partner.owner, period=month)
        .order_by("-version")
        .first()
    )
    if last and last.inputs_hash == statement.content_hash():
        return _again(last)
    document = Document.objects.create(
        kind=Document.Kind.PARTNER_STATEMENT,
        subject=partner.owner,
        period=month,
        version=last.version + 1 if last else 1,
        template_version=TEMPLATE_VERSION,
        inputs=statement.inputs(),
        inputs_hash=statement.content_hash(),
        supersedes=last,
        requested_by=by,
        requested_at=now,
        next_attempt_at=clock.wall_now(),
    )
    wake(TASK)
    return document


def _again(document: Document) -> Document:
    if document.state == Document.State.FAILED:
        document.state, document.attempts = Document.State.REQUESTED, 0
        document.next_attempt_at = clock.wall_now()
        document.save(update_fields=["state", "attempts", "next_attempt_at"])
        wake(TASK)
    return document
