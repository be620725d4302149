"""Bank lines that can only be one payout are proposed as its settlement, for a person to confirm."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.matching import candidates
from partners.models import BankLine, Match, PartnerPayout


@transaction.atomic
def match_lines(*, by_id: int, now: datetime) -> list[Match]:
    """Propose every pair without rivals among unmatched debits and payouts in flight; none is confirmed here.

    A pair that a person undid is not proposed again.
    """
    active = Match.objects.exclude(state=Match.State.UNDONE)
    payouts = list(
        PartnerPayout.objects.select_for_update(of=("self",))
        .filter(state=PartnerPayout.State.IN_FLIGHT)
        .select_related("batch")
        .exclude(pk__in=active.values("payout"))
        .order_by("id")
    )
    lines = list(BankLine.objects.filter(amount_minor__lt=0).exclude(pk__in=active.values("line")).order_by("id"))
    undone = set(Match.objects.filter(state=Match.State.UNDONE).values_list("line_id", "payout_id"))
    return Match.objects.bulk_create(
        Match(line=pair.line, payout=pair.payout, rule=pair.rule, proposed_by_id=by_id, proposed_at=now)
        for pair in candidates(lines, payouts)
        if (pair.line.pk, pair.payout.pk) not in undone
    )
