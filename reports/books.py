"""What must always be true of documents; `manage.py books` runs these checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ledger.books import in_words
from ledger.queries import SequenceAhead
from partners.models import Partner
from people.queries import month_bounds
from reports import stored_files
from reports.figures import figures
from reports.models import Document


def files_unchanged() -> Iterable[str]:
    """Each finished document still has the bytes that were made, whatever happened to the folder."""
    ready = Document.objects.filter(state=Document.State.READY).order_by("pk")
    for name, key, sha256 in ready.values_list("pk", "storage_key", "sha256").iterator():
        try:
            stored_files.read(key, sha256)
        except stored_files.FileDamaged:
            yield f"document {name}: the file {key} was changed"
        except OSError:
            yield f"document {name}: the file {key} cannot be read"


def statements_reproduce() -> Iterable[str]:
    """L13: each published statement stores (day, sequence number), and the books as of it give its figures again."""
    partners = {partner.owner: partner for partner in Partner.objects.all()}
    published = Document.objects.filter(kind=Document.Kind.PARTNER_STATEMENT, published_at__isnull=False)
    for document in published.order_by("pk").iterator():
        for fault in _faults(document, partners.get(document.subject)):
            yield f"document {document.pk} ({document}): {fault}"


def _faults(document: Document, partner: Partner | None) -> Iterable[str]:
    first_day, last_day = month_bounds(document.period)
    kept = document.inputs
    if partner is None:
        yield "its partner is gone"
    elif (document.as_of, document.through_seq) != (last_day, kept.get("through_seq")):
        yield f"it says ({document.as_of}, {document.through_seq}), its figures ({last_day}, {kept.get('through_seq')})"
    else:
        try:
            found = figures(partner, first_day, last_day, kept["currency"], through_seq=document.through_seq)
        except SequenceAhead as error:
            yield str(error)
        else:
            yield from _differences(kept, found.inputs(), f"the books as of ({document.as_of}, {document.through_seq})")


def _differences(kept: dict[str, Any], found: dict[str, Any], books: str) -> Iterable[str]:
    for name, value in found.items():
        if kept.get(name) == value:
            continue
        if isinstance(value, int):
            amounts = [in_words(amount, kept["currency"]) for amount in (kept.get(name, 0), value)]
            yield f"{name.removesuffix('_minor')} is {amounts[0]}, {books} say {amounts[1]}"
        else:
            yield f"its {name} are not those of {books}"


CHECKS: dict[str, Callable[[], Iterable[str]]] = {
    "each document has the file that was made": files_unchanged,
    "each published statement is what the books say as of its day and seal": statements_reproduce,
}
