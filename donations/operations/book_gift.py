"""A paid gift has its ledger entry, and the partners' shares of it are accrued."""

from __future__ import annotations

from datetime import datetime

from donations.models import Gift
from donations.queries import gift_line, promises_of_fund
from ledger.builders import gift as gift_entry
from ledger.operations.post_entry import post_entry
from partners.operations.allocate import allocate
from people.queries import local_day


def book_gift(gift: Gift, *, now: datetime) -> None:
    """Post the gift and accrue each promise in force at the moment of the charge (DESIGN.md section 4).

    The basis is the gift part: what was charged without the fee cover; refunds are measured in it too. Keys follow from
    the charge, so a second call changes nothing. In the caller's transaction; raises what `post_entry` and `allocate`
    raise.
    """
    assert gift.paid_at is not None and gift.charge_ref is not None
    post_entry(
        gift_entry(
            charge_ref=gift.charge_ref,
            source=gift.ref,
            event_at=gift.paid_at,
            effective_on=local_day(gift.paid_at),
            currency=gift.currency,
            gift_minor=gift.gift_part_minor,
            cover_minor=gift.fee_cover_minor,
            fund=gift.fund.slug,
        ),
        now=now,
    )
    promises = promises_of_fund(gift.fund, gift.paid_at)
    line = gift_line(gift, [promise.agreement_id for promise in promises])
    allocate(
        source=gift.ref,
        charge_ref=gift.charge_ref,
        currency=gift.currency,
        lines=[line],
        other_parts_minor=gift.other_parts_minor,
        bound_at=gift.paid_at,
        earned_at=gift.paid_at,
        now=now,
    )
