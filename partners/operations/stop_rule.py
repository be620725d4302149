"""A learned rule proposes nothing any more."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from partners.models import LearnedRule
from people.models import User


class Outcome(StrEnum):
    STOPPED = "stopped"
    ALREADY_STOPPED = "already_stopped"


@transaction.atomic
def stop_rule(*, rule_id: int, by: User, now: datetime) -> Outcome:
    """Raises LearnedRule.DoesNotExist."""
    rule = LearnedRule.objects.select_for_update().get(pk=rule_id)
    if rule.stopped_at is not None:
        return Outcome.ALREADY_STOPPED
    rule.stopped_by, rule.stopped_at = by, now
    rule.save(update_fields=["stopped_by", "stopped_at"])
    return Outcome.STOPPED
