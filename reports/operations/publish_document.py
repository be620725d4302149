"""A finished statement may be read by anybody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from people.models import User
from reports import queries
from reports.models import Document


class NotReady(Exception):
    """Only a document whose file exists can be published."""


class NotFinal(Exception):
    """The month was not closed when the figures were frozen, so they could still change."""


class OpenedAgain(Exception):
    """The month was opened again after these figures were frozen: what closes it next supersedes them."""


@transaction.atomic
def publish_document(*, document_id: int, by: User, now: datetime) -> Document:
    """Publish once; publishing again changes nothing.

    Only what the books can no longer contradict is for everybody (rules/ledger.md 3c): the month is closed, and as the
    document has it. Raises Document.DoesNotExist, NotReady, NotFinal, OpenedAgain.
    """
    document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
    if document.published_at:
        return document
    if document.state != Document.State.READY:
        raise NotReady("The file is still being made.")
    if not document.final:
        raise NotFinal("The month was not closed when this was figured: close it, then ask for the statement again.")
    if document.pk in queries.opened_again([document]):
        raise OpenedAgain("The month was opened again since: close it, then ask for the statement again.")
    document.published_at, document.published_by = now, by
    document.save(update_fields=["published_at", "published_by"])
    return document
