"""A promise stops sooner than agreed; what it bound before stays bound."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from partners.models import Agreement, AgreementEvent
from partners.operations.plan_duties import plan_duties
from people.models import User
from people.queries import local_day


class NotInForce(Exception):
    """Only an active agreement can end early."""


class BadLastDay(ValueError):
    """The new last day is not earlier than the agreed one, or lies in the past, where promises were made on it."""


@transaction.atomic
def end_agreement_early(*, agreement_id: int, ends_on: date, by: User, now: datetime) -> Agreement:
    """Move the last day (local, included) of an active agreement to an earlier one, yesterday at the soonest.

    A promise of an agreement that has not begun ends on its first day at the soonest. Raises NotInForce, BadLastDay.
    """
    agreement = Agreement.objects.select_for_update().get(pk=agreement_id)
    if agreement.state != Agreement.State.ACTIVE:
        raise NotInForce(str(agreement))
    soonest = max(local_day(now) - timedelta(days=1), agreement.starts_on)
    if not soonest <= ends_on < agreement.ends_on:
        raise BadLastDay(f"The last day can be any from {soonest} to {agreement.ends_on - timedelta(days=1)}.")
    agreement.state = Agreement.State.ENDED
    agreement.ends_on = ends_on
    agreement.ended_by = by
    agreement.ended_at = now
    agreement.save(update_fields=["state", "ends_on", "ended_by", "ended_at"])
    AgreementEvent.objects.create(agreement=agreement, kind=AgreementEvent.Kind.ENDED, on=ends_on, by=by, at=now)
    plan_duties(agreement_id=agreement.pk, states=())  # what states ask afterwards is due earlier too
    return agreement
