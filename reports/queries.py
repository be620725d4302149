"""Which documents there are, and what their bytes are."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from partners.models import Partner
from reports.models import Document


def published_statements(partner: Partner) -> QuerySet[Document]:
    """The newest published statement of each month, newest month first."""
    return (
        Document.objects.filter(kind=Document.Kind.PARTNER_STATEMENT, subject=partner.owner, published_at__isnull=False)
        .order_by("-period", "-version")
        .distinct("period")
    )


def newest_statements(partners: Sequence[Partner], month: str) -> dict[str, Document]:
    """The newest statement of each partner for a month, by the partner's owner text. One query."""
    found = (
        Document.objects.filter(
            kind=Document.Kind.PARTNER_STATEMENT, period=month, subject__in=[partner.owner for partner in partners]
        )
        .order_by("subject", "-version")
        .distinct("subject")
    )
    return {document.subject: document for document in found}


def content(document: Document) -> bytes:
    """The stored bytes of a ready document."""
    with default_storage.open(document.storage_key) as stored:
        data: bytes = stored.read()
        return data


def attachment(ref: str) -> bytes | None:
    """What a mail that names "document:7" sends along: the bytes, or None while the file is being made."""
    document = Document.objects.get(pk=int(ref.partition(":")[2]))
    return content(document) if document.state == Document.State.READY else None
