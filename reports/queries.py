"""Which documents there are, and what their bytes are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse

from ledger import month_board
from ledger.operations.close_month import current_closes
from partners.models import Partner
from reports import stored_files
from reports.models import Document


def published_statements(partner: Partner) -> QuerySet[Document]:
    """The newest published statement of each month, newest month first; without their figures."""
    return (
        Document.objects.filter(kind=Document.Kind.PARTNER_STATEMENT, subject=partner.owner, published_at__isnull=False)
        .order_by("-period", "-version")
        .distinct("period")
        .defer("inputs")
    )


def newest_statements(partners: Sequence[Partner], month: str) -> dict[str, Document]:
    """The newest statement of each partner for a month, by owner text; without their figures. One query."""
    found = (
        Document.objects.filter(
            kind=Document.Kind.PARTNER_STATEMENT, period=month, subject__in=[partner.owner for partner in partners]
        )
        .order_by("subject", "-version")
        .distinct("subject")
        .defer("inputs")
    )
    return {document.subject: document for document in found}


def by_hash(sha256: str) -> Document | None:
    """The document whose file has this hash; a published one where several do."""
    ready = Document.objects.filter(sha256=sha256, state=Document.State.READY)
    return ready.order_by(F("published_at").asc(nulls_last=True), "-version").first()


def published_since(document: Document) -> Document | None:
    """The newest published version after this one."""
    later = Document.objects.filter(kind=document.kind, subject=document.subject, period=document.period)
    return later.filter(version__gt=document.version, published_at__isnull=False).order_by("-version").first()


def statements_of_month(yyyymm: int) -> month_board.Result:
    """What the close page says of a month's statements. One query."""
    month = f"{yyyymm // 100:04}-{yyyymm % 100:02}"
    rows = Document.objects.filter(kind=Document.Kind.PARTNER_STATEMENT, period=month, final=True)
    counts = rows.aggregate(
        made=Count("subject", filter=Q(state=Document.State.READY), distinct=True),
        out=Count("subject", filter=Q(published_at__isnull=False), distinct=True),
    )
    words = (
        f"{counts['made']} statements made, {counts['out']} published" if counts["made"] else "No statement made yet"
    )
    return month_board.Result(words, f"{reverse('reports:desk_statements')}?month={month}")


def opened_again(documents: Iterable[Document]) -> set[int]:
    """Those of the documents (by id) whose month was opened again since it was closed with their figures. One query.

    The ledger knows no documents, so a reopening marks none; but a closed month rests on the number that its documents
    keep, and once it was opened and closed again on another (rules/ledger.md 3c).
    """
    final = [document for document in documents if document.final]
    closes = current_closes({document.yyyymm for document in final})
    return {
        document.pk
        for document in final
        if document.yyyymm not in closes or closes[document.yyyymm].through_seq != document.through_seq
    }


def content(document: Document) -> bytes:
    """The stored bytes of a ready document. Raises FileDamaged or OSError when they are not what was made."""
    return stored_files.read(document.storage_key, document.sha256)


def attachment(ref: str) -> bytes | None:
    """What a mail that names "document:7" sends along: the bytes, or None while the file is being made."""
    document = Document.objects.get(pk=int(ref.partition(":")[2]))
    return content(document) if document.state == Document.State.READY else None
