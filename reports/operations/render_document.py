"""A document that was asked for becomes a stored file, known by its hash."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q

from people import clock
from reports import partner_statement_page, stored_files
from reports.models import Document
from reports.pdf import Rendered, render
from reports.statements import from_inputs

ATTEMPTS_MAX = 5
LEASE = timedelta(seconds=120)
BACK_OFF = timedelta(seconds=10)
log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    READY = "ready"
    TRIED_AGAIN_LATER = "tried_again_later"
    FAILED = "failed"
    LEASE_LOST = "lease_lost"
    NOTHING_DUE = "nothing_due"


def render_next_document(*, now: datetime) -> Outcome:
    """Lease the document that waits longest, make its bytes, store them, and mark it ready as of `now`.

    The bytes depend on nothing but the frozen inputs, so a worker that dies in between only costs time: the next one
    makes the same file under the same name. `attempts` is the fencing token: a worker whose lease was taken over
    cannot finish. Any trouble counts, a worker's death too, and ATTEMPTS_MAX of it make the document failed.
    """
    document = _lease()
    if document is None:
        return Outcome.NOTHING_DUE
    if document.attempts > ATTEMPTS_MAX:
        return _failed(document, "no worker came back from it")
    try:
        rendered = _render(document)
        sha256, key = stored_files.store(rendered.content)
    except Exception as error:
        log.exception("document_not_made", document=document.pk, attempts=document.attempts)
        return _failed(document, type(error).__name__)
    done = _finish(
        document,
        state=Document.State.READY,
        sha256=sha256,
        storage_key=key,
        size_bytes=len(rendered.content),
        pages=rendered.pages,
        ready_at=now,
        last_error="",
    )
    return Outcome.READY if done else Outcome.LEASE_LOST


def _lease() -> Document | None:
    wall_now = clock.wall_now()
    due = Q(state=Document.State.REQUESTED, next_attempt_at__lte=wall_now)
    due |= Q(state=Document.State.RENDERING, lease_until__lt=wall_now)
    with transaction.atomic():
        rows = Document.objects.select_for_update(skip_locked=True, of=("self",))
        document = rows.filter(due).order_by("next_attempt_at", "id").first()
        if document is not None:
            document.state, document.lease_until = Document.State.RENDERING, wall_now + LEASE
            document.attempts += 1
            document.save(update_fields=["state", "lease_until", "attempts"])
    return document


def _render(document: Document) -> Rendered:
    statement = from_inputs(document.inputs)
    return render(
        partner_statement_page.html(statement),
        identifier=document.inputs_hash[:32],
        made_at=datetime.fromisoformat(statement.figured_at),
        files=partner_statement_page.files(statement),
    )


def _failed(document: Document, reason: str) -> Outcome:
    last_try = document.attempts >= ATTEMPTS_MAX
    done = _finish(
        document,
        state=Document.State.FAILED if last_try else Document.State.REQUESTED,
        last_error=reason,
        next_attempt_at=clock.wall_now() + BACK_OFF * 2 ** (document.attempts - 1),
    )
    if not done:
        return Outcome.LEASE_LOST
    if last_try:
        log.error("document_given_up", document=document.pk, reason=reason)
    return Outcome.FAILED if last_try else Outcome.TRIED_AGAIN_LATER


def _finish(document: Document, **outcome: Any) -> bool:
    """Give the lease back with what came of it; False when somebody else holds it by now."""
    held = Document.objects.filter(pk=document.pk, state=Document.State.RENDERING, attempts=document.attempts)
    return held.update(lease_until=None, **outcome) == 1
