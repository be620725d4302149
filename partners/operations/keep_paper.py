"""A signed document, or the partner's written consent, lies with its agreement."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from partners.models import Agreement, AgreementEvent
from people.models import User
from people.operations.attach_file import attach_file


class NotAPaper(ValueError):
    """Only a signed document or a consent is kept with a day and a file."""


@transaction.atomic
def keep_paper(
    *, agreement_id: int, kind: str, on: date, name: str, content: bytes, by: User, now: datetime
) -> AgreementEvent:
    """Keep the file, and in the agreement's history what it is and the day on it.

    `kind` is one of AgreementEvent.PAPERS. Raises NotAPaper, NotAttachable (empty, too large, of another kind).
    """
    if kind not in AgreementEvent.PAPERS:
        raise NotAPaper(kind)
    agreement = Agreement.objects.select_for_update().get(pk=agreement_id)
    file = attach_file(subject=f"agreement:{agreement.pk}", name=name, content=content, by=by, now=now)
    return AgreementEvent.objects.create(agreement=agreement, kind=kind, on=on, attachment=file, by=by, at=now)
