"""What states ask about an agreement has its days; what was done stays done."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from django.db import transaction

from partners.models import Agreement, AgreementDuty, StateRule
from people.models import User
from people.operations.note_change import note_change


@transaction.atomic
def plan_duties(*, agreement_id: int, states: Collection[str], by: User | None = None) -> list[AgreementDuty]:
    """Plan every duty of these states ("MA"), by the agreement's days as they are now; again moves what is not done.

    Returns the agreement's duties. A state without rules asks nothing. That `by` chose the states is in the history.
    """
    agreement = Agreement.objects.select_for_update().get(pk=agreement_id)
    if by is not None:
        note_change(row=agreement, fields=[f"duties of {', '.join(sorted(states))}"], by=by, is_new=False)
    for rule in StateRule.objects.filter(state__in=states):
        AgreementDuty.objects.get_or_create(
            agreement=agreement, rule=rule, defaults={"due_on": due_on(rule, agreement)}
        )
    duties = list(AgreementDuty.objects.filter(agreement=agreement).select_related("rule"))
    for duty in duties:
        wanted = due_on(duty.rule, agreement)
        if duty.done_on is None and duty.due_on != wanted:
            duty.due_on = wanted
            duty.save(update_fields=["due_on"])
    return duties


def due_on(rule: StateRule, agreement: Agreement) -> date:
    """The last day on which it can be done in time."""
    if rule.measured_from == StateRule.From.START:
        return agreement.starts_on - timedelta(days=rule.days)
    if rule.measured_from == StateRule.From.END:
        return agreement.ends_on + timedelta(days=rule.days)
    return date(agreement.ends_on.year + 1, 2, 28)
