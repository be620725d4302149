"""A document that was asked for becomes a stored file, known by its hash."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from people import clock
from reports import partner_statement_page
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
    NOTHING_DUE = "nothing_due"


def render_next_document() -> Outcome:
    """Lease the document that waits longest, make its bytes, store them, and mark it ready.

    The bytes depend on nothing but the frozen inputs, so a worker that dies in between only costs time: the next one
    makes the same file under the same name.
    """
    document = _lease()
    if document is None:
        return Outcome.NOTHING_DUE
    try:
        rendered = _render(document)
        digest = hashlib.sha256(rendered.content).hexdigest()
        key = _store(digest, rendered.content)
    except Exception as error:  # noqa: BLE001 - one document must not stop the others; kept and alerted
        return _failed(document, error)
    document.state, document.lease_until, document.last_error = Document.State.READY, None, ""
    document.sha256, document.storage_key = digest, key
    document.size_bytes, document.pages = len(rendered.content), rendered.pages
    document.ready_at = clock.now()
    document.save()
    return Outcome.READY


def _lease() -> Document | None:
    now = clock.wall_now()
    due = Q(state=Document.State.REQUESTED, next_attempt_at__lte=now)
    due |= Q(state=Document.State.RENDERING, lease_until__lt=now)
    with transaction.atomic():
        rows = Document.objects.select_for_update(skip_locked=True, of=("self",))
        document = rows.filter(due).order_by("next_attempt_at", "id").first()
        if document is not None:
            document.state, document.lease_until = Document.State.RENDERING, now + LEASE
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


def _store(digest: str, content: bytes) -> str:
    """Keep the bytes under their own hash; what is there already is the same."""
    key = f"documents/{digest[:2]}/{digest}.pdf"
    return key if default_storage.exists(key) else default_storage.save(key, ContentFile(content))


def _failed(document: Document, error: Exception) -> Outcome:
    last_try = document.attempts >= ATTEMPTS_MAX
    log.error("document_not_made", document=document.pk, attempts=document.attempts, error=type(error).__name__)
    document.state = Document.State.FAILED if last_try else Document.State.REQUESTED
    document.lease_until, document.last_error = None, type(error).__name__
    document.next_attempt_at = clock.wall_now() + BACK_OFF * 2 ** (document.attempts - 1)
    document.save(update_fields=["state", "lease_until", "last_error", "next_attempt_at"])
    return Outcome.FAILED if last_try else Outcome.TRIED_AGAIN_LATER
