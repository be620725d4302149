"""How much of a partner's account may leave by one payout now: not what is young, nor what another payout claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef

from partners.models import Allocation, PartnerPayout, PayoutAttempt, PayoutItem
from partners.queries.eligible import eligible
from partners.queries.net import with_net
from people.queries import local_day


def covered_minor(payouts: Sequence[PartnerPayout], *, now: datetime) -> dict[int, int]:
    """Payout id -> minor units that may pay it; the payouts are of one currency and have not left. Eight queries.

    What was taken back of a share after it was proposed may be made up for by shares that could be proposed today, not
    by those inside the refund window or whose funds are on their way (DESIGN.md section 4 "Payable").
    """
    rows = {row.partner.pk: row for row in eligible(as_of=local_day(now), currency=payouts[0].currency, now=now)}
    others = _claimed_by_others(payouts)
    covered = {}
    for payout in payouts:
        row = rows.get(payout.partner_id)
        free = row.payable_minor - row.too_young_minor - row.funds_on_the_way_minor if row else 0
        covered[payout.pk] = free - others[payout.partner_id]
    return covered


def _claimed_by_others(payouts: Sequence[PartnerPayout]) -> dict[int, int]:
    """Partner -> what is left of the shares that other payouts of theirs claim and that lie on the account still."""
    out = PayoutAttempt.objects.filter(payout=OuterRef("pk"), back_entry__isnull=True)
    claiming = (
        PartnerPayout.objects.filter(
            ~Exists(out), currency=payouts[0].currency, partner__in=[payout.partner_id for payout in payouts]
        )
        .exclude(state__in=PartnerPayout.LET_GO)
        .exclude(pk__in=[payout.pk for payout in payouts])
    )
    items = PayoutItem.objects.filter(payout__in=claiming.values("pk"), released_at__isnull=True)
    left = dict(
        with_net(Allocation.objects.filter(pk__in=items.values("allocation"))).values_list("pk", "net_minor").order_by()
    )
    claimed: dict[int, int] = defaultdict(int)
    for partner_id, allocation_id, amount_minor in items.values_list("payout__partner", "allocation", "amount_minor"):
        claimed[partner_id] += min(left[allocation_id], amount_minor) if allocation_id else amount_minor
    return claimed
