"""A person says which payout a bank line is, or that a proposed pair is not the same."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import BankLine, Match, PartnerPayout
from people.models import User


class DoesNotFit(ValueError):
    """The line and the payout cannot be the same: another amount, or one of them is matched already."""


class NotUndoable(Exception):
    """The match was decided before."""


@transaction.atomic
def choose_match(*, line_id: int, payout_id: int, by: User, now: datetime) -> Match:
    """Propose by hand that a line is a payout in flight; `settle_matches` confirms it. Raises DoesNotFit."""
    payout = PartnerPayout.objects.select_for_update().get(pk=payout_id)
    line = BankLine.objects.select_for_update().get(pk=line_id)
    active = Match.objects.exclude(state=Match.State.UNDONE)
    if payout.state != PartnerPayout.State.IN_FLIGHT or active.filter(payout=payout).exists():
        raise DoesNotFit("This payout is matched already.")
    if active.filter(line=line).exists():
        raise DoesNotFit("This bank line is matched already.")
    if line.amount_minor != -payout.amount_minor or line.currency != payout.currency:
        raise DoesNotFit("The amounts differ. A payout is settled by a line of exactly its amount.")
    return Match.objects.create(line=line, payout=payout, rule=Match.Rule.PERSON, proposed_by=by, proposed_at=now)


@transaction.atomic
def undo_match(*, match_id: int, by: User, now: datetime) -> Match:
    """Say that a proposed pair is not the same; it is not proposed again. Raises NotUndoable."""
    match = Match.objects.select_for_update().get(pk=match_id)
    if match.state != Match.State.PROPOSED:
        raise NotUndoable("This match was decided before.")
    match.state, match.decided_by, match.decided_at = Match.State.UNDONE, by, now
    match.save(update_fields=["state", "decided_by", "decided_at"])
    return match
