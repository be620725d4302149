"""Payouts leave payable for payout in flight before anything is sent (rules/ledger.md E7, phase 1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count

from ledger import builders
from ledger import queries as books
from ledger.operations.post_entry import post_entries
from partners.models import Method, PartnerPayout, PayoutAttempt
from partners.operations.check_destinations import check_destinations
from partners.operations.send_transfers import TASK
from partners.queries.covered import covered_minor
from people.models import User
from people.queries import local_day, organisation
from people.wake import wake

State = PayoutAttempt.State


class PayableShrunk(Exception):
    """What may be paid to a partner is less than the payout, because something was taken back since.

    Propose it again.
    """


def start_attempts(payouts: Sequence[PartnerPayout], *, by: User, now: datetime) -> list[PayoutAttempt]:
    """Book phase 1 of each payout under a new key, and say that it is being sent.

    The caller holds the locks of the partners and the payouts, which have their partner and destination loaded, in one
    currency. A transfer that staff order at the bank is on its way with that; whatever else carries a payout says so
    later. Raises NotPayable, PayableShrunk.
    """
    # 1. Still owed, and still to be paid there. All that is posted counts, sealed or not, because this can only stop.
    check_destinations(payouts)
    payable = books.balances_by_owner("payable", None, payouts[0].currency)
    covered = covered_minor(payouts, now=now)
    for payout in payouts:
        if min(-payable.get(payout.partner.owner, 0), covered[payout.pk]) < payout.amount_minor:
            raise PayableShrunk(
                f"{payout.partner} is owed less than this payout by what can be paid now: take it out, or take the "
                "batch back where nothing else is in it, and propose again."
            )
    # 2. On the books.
    numbers = _numbers(payouts)
    day = local_day(now, organisation())
    posted = post_entries(
        [
            builders.payout_sent(
                payout_ref=payout.ref,
                source=payout.ref,
                event_at=now,
                effective_on=day,
                currency=payout.currency,
                partner=payout.partner.owner,
                amount_minor=payout.amount_minor,
                attempt=numbers[payout.pk],
                actor=f"user:{by.pk}",
            )
            for payout in payouts
        ],
        now=now,
    )
    # 3. Then on its way.
    for payout in payouts:
        payout.state = _begins(payout)
    PartnerPayout.objects.bulk_update(payouts, ["state"])
    if any(payout.method == Method.CONNECT for payout in payouts):
        wake(TASK)
    return PayoutAttempt.objects.bulk_create(
        PayoutAttempt(
            payout=payout,
            number=numbers[payout.pk],
            key=f"{payout.ref}:{numbers[payout.pk]}",
            method=payout.method,
            paid_to=payout.paid_to,
            amount_minor=payout.amount_minor,
            state=payout.state,
            sent_entry_id=entry.entry_id,
            started_by=by,
            started_at=now,
        )
        for payout, entry in zip(payouts, posted, strict=True)
    )


def _numbers(payouts: Sequence[PartnerPayout]) -> dict[int, int]:
    counted = PartnerPayout.objects.filter(pk__in=[payout.pk for payout in payouts]).annotate(tries=Count("attempts"))
    return {pk: tries + 1 for pk, tries in counted.values_list("pk", "tries")}


def _begins(payout: PartnerPayout) -> PartnerPayout.State:
    by_hand = payout.method == Method.BANK
    return PartnerPayout.State.IN_FLIGHT if by_hand else PartnerPayout.State.SUBMITTING
