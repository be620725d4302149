"""What a state asked was done."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from django.db import transaction

from partners.models import AgreementDuty, AgreementEvent
from people.models import User


class Outcome(StrEnum):
    DONE = "done"
    ALREADY_DONE = "already_done"


@transaction.atomic
def settle_duty(*, duty_id: int, done_on: date, by: User, now: datetime) -> Outcome:
    """Mark a duty as done on a day, with an event in the agreement's history."""
    duty = AgreementDuty.objects.select_for_update(of=("self",)).select_related("rule").get(pk=duty_id)
    if duty.done_on is not None:
        return Outcome.ALREADY_DONE
    duty.done_on = done_on
    duty.save(update_fields=["done_on"])
    AgreementEvent.objects.create(
        agreement_id=duty.agreement_id,
        kind=AgreementEvent.Kind.DUTY_DONE,
        on=done_on,
        detail=f"{duty.rule.state}: {duty.rule.duty}",
        by=by,
        at=now,
    )
    return Outcome.DONE
