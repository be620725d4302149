"""Room under caps is kept for a checkout that is open, so that what it was shown is given when it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from partners.capping import lock_totals, move
from partners.models import Agreement, CapSource
from partners.sharing import ShareLine, shares_of_payment
from people.queries import local_day


@transaction.atomic
def reserve_room(*, source: str, lines: Sequence[ShareLine], bound_at: datetime) -> set[int]:
    """Keep what these lines would give under each capped agreement named on them (DESIGN.md section 4).

    Returns the ids of agreements whose cap has been reached: then nothing is kept, and the caller freezes its lines
    without them. Until `release_room`, or the payment, what is kept counts as given.
    """
    named = {agreement_id for line in lines for agreement_id in line.agreement_ids}
    agreements = Agreement.objects.in_bulk(named)
    bound_on = local_day(bound_at)
    totals = lock_totals((agreement, bound_on) for agreement in agreements.values())
    full = {pk for pk, total in totals.items() if total.net_minor >= (total.cap_minor or 0)}
    if full:
        return full
    for share in shares_of_payment(lines, {pk: agreement.terms for pk, agreement in agreements.items()}):
        if (total := totals.get(share.agreement_id)) and share.amount_minor:
            place = CapSource(total=total, agreement=agreements[share.agreement_id], source=source, uncapped_minor=0)
            move(total, place, state=CapSource.State.RESERVED, uncapped_minor=share.amount_minor)
    return set()
