"""An approved batch is on its way: each payout leaves the partner's payable account for payout in flight."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import builders
from ledger import queries as books
from ledger.operations.post_entry import post_entries
from partners.batch_content import current_hash
from partners.models import Partner, PartnerPayout, PayoutBatch
from people.models import Approval, User
from people.queries import local_day, organisation


class NotApproved(Exception):
    """The batch waits for approval, was refused or sent, or changed after it was approved."""


class PayableShrunk(Exception):
    """A partner's account holds less than the payout, because something was taken back since: propose it again."""


@transaction.atomic
def send_batch(*, batch_id: int, by: User, now: datetime) -> PayoutBatch:
    """Book phase 1 of each payout, when staff order the bank transfers (rules/ledger.md E7).

    Raises NotApproved, PayableShrunk; then nothing has changed.
    """
    # 1. Approved, by a second person, in exactly this form.
    batch = PayoutBatch.objects.select_for_update().get(pk=batch_id)
    if batch.state != PayoutBatch.State.APPROVED or not _is_signed(batch):
        raise NotApproved("This batch is not approved in this form.")
    # 2. Still owed: a share may have been taken back since. All that is posted counts, sealed or not, because this can
    #    only stop a payout.
    payouts = list(batch.payouts.filter(state=PartnerPayout.State.PROPOSED).select_related("partner").order_by("id"))
    list(Partner.objects.select_for_update().filter(pk__in=[payout.partner_id for payout in payouts]).order_by("id"))
    payable = books.balances_by_owner("payable", None, batch.currency)
    for payout in payouts:
        if -payable.get(payout.partner.owner, 0) < payout.amount_minor:
            raise PayableShrunk(f"{payout.partner} is owed less than this payout: take it out and propose it again.")
    # 3. On the books, then on its way.
    day = local_day(now, organisation())
    post_entries(
        [
            builders.payout_sent(
                payout_ref=f"payout:{payout.pk}",
                source=f"payout:{payout.pk}",
                event_at=now,
                effective_on=day,
                currency=payout.currency,
                partner=payout.partner.owner,
                amount_minor=payout.amount_minor,
            )
            for payout in payouts
        ],
        now=now,
    )
    PartnerPayout.objects.filter(pk__in=[payout.pk for payout in payouts]).update(state=PartnerPayout.State.IN_FLIGHT)
    batch.state, batch.sent_by, batch.sent_at = PayoutBatch.State.SENT, by, now
    batch.save(update_fields=["state", "sent_by", "sent_at"])
    return batch


def _is_signed(batch: PayoutBatch) -> bool:
    return Approval.objects.filter(
        subject=batch.approval_subject, subject_hash=current_hash(batch), decision=Approval.Decision.APPROVED
    ).exists()
