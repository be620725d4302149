"""The changes that documents' rows tell: who asked for one, and who made it public."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Concat
from django.urls import reverse

from people.history import Change
from people.sources import Source
from reports.models import Document

_DOCUMENT = Concat(Value("document:"), "pk")
CHANGES: Final = (
    Change(
        "Documents",
        lambda: Document.objects.filter(requested_by__isnull=False),
        F("requested_at"),
        F("requested_by"),
        _DOCUMENT,
        Value("asked for"),
    ),
    Change(
        "Documents",
        lambda: Document.objects.filter(published_by__isnull=False),
        F("published_at"),
        F("published_by"),
        _DOCUMENT,
        Value("published"),
    ),
)


def describe_documents(refs: list[str]) -> dict[str, Source]:
    """ "Partner statement 2026-10, version 2", with the list that it stands in. One query."""
    documents = Document.objects.in_bulk([int(ref.partition(":")[2]) for ref in refs])
    href = reverse("reports:desk_statements")
    return {
        f"document:{pk}": Source(f"{one.get_kind_display()} {one.period}, version {one.version}", href)
        for pk, one in documents.items()
    }
