"""A payout has reached the partner: a person confirmed which bank line it is, and the money has left our bank."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

from django.db import transaction

from partners.models import Match, PartnerPayout
from partners.operations.settle_payout import finish_batches, settle_payout
from partners.two_people import SamePerson
from people.models import User
from people.queries import organisation


class NotProposed(Exception):
    """The match was confirmed or undone before."""


@transaction.atomic
def settle_matches(*, match_ids: Sequence[int], by: User, now: datetime) -> list[PartnerPayout]:
    """Confirm proposed matches and book phase 2 of their payouts, on the day of the bank line (rules/ledger.md E7).

    The person who sent a batch cannot confirm that it arrived. Raises NotProposed, SamePerson; then nothing changed.
    """
    # 1. Payouts first, then their matches: the order in which every operation locks them.
    payouts = list(
        PartnerPayout.objects.select_for_update(of=("self",))
        .filter(matches__in=match_ids)
        .select_related("partner", "batch")
        .order_by("id")
    )
    matches = {
        match.payout_id: match
        for match in Match.objects.select_for_update(of=("self",))
        .filter(pk__in=match_ids, state=Match.State.PROPOSED)
        .select_related("line__account")
        .order_by("id")
    }
    if len(matches) != len(set(match_ids)):
        raise NotProposed("One of these matches was decided before. Load the page again.")
    # 2. Somebody other than the sender.
    if any(payout.batch.sent_by_id == by.pk for payout in payouts):
        raise SamePerson("You sent this payout: another person must confirm that it arrived.")
    # 3. The books, the payout, the match, and the batch when it was the last.
    for payout in payouts:
        _settle(payout, matches[payout.pk], by, now)
    finish_batches({payout.batch_id for payout in payouts}, now)
    return payouts


def _settle(payout: PartnerPayout, match: Match, by: User, now: datetime) -> None:
    line = match.line
    noon = datetime.combine(line.booked_on, time(12), organisation().zone).astimezone(UTC)
    settle_payout(payout, on=line.booked_on, at=min(noon, now), bank=f"bank:{line.account_id}", now=now)
    match.state, match.decided_by, match.decided_at = Match.State.CONFIRMED, by, now
    match.save(update_fields=["state", "decided_by", "decided_at"])
