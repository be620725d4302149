"""Papers that lie with agreements, as somebody at the desk keeps them."""

from __future__ import annotations

from datetime import datetime

from partners.models import Agreement, AgreementEvent
from partners.operations.keep_paper import keep_paper
from people.models import User
from people.queries import local_day


def keep(agreement: Agreement, by: User, now: datetime, kind: str = AgreementEvent.Kind.SIGNED) -> Agreement:
    """A signed document (or a consent) of the day, kept with the agreement; returns the agreement."""
    keep_paper(
        agreement_id=agreement.pk, kind=kind, on=local_day(now), name="paper.pdf",
        content=f"%PDF-1.7 {kind} {agreement.pk}".encode(), by=by, now=now,
    )  # fmt: skip
    return agreement
