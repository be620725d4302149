"""A finished statement may be read by anybody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from people.models import User
from reports.models import Document


class NotReady(Exception):
    """Only a document whose file exists can be published."""


class NotFinal(Exception):
    """The month was not over when the figures were frozen."""


@transaction.atomic
def publish_document(*, document_id: int, by: User, now: datetime) -> Document:
    """Publish once; publishing again changes nothing. Raises Document.DoesNotExist, NotReady, NotFinal."""
    document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
    if document.published_at:
        return document
    if document.state != Document.State.READY:
        raise NotReady("The file is still being made.")
    if not document.final:
        raise NotFinal("The month was not over when this was figured: ask for it again first.")
    document.published_at, document.published_by = now, by
    document.save(update_fields=["published_at", "published_by"])
    return document
