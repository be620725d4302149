"""rules/ledger.md case 13 at the local Stripe: two people approve it, and it is paid once whatever happens."""

from __future__ import annotations

import pytest

from partners.models import PartnerPayout
from partners.operations.approve_batch import approve_batch
from partners.operations.propose_batch import propose_batch
from partners.operations.retry_payout import retry_payout
from partners.operations.send_batch import NotApproved, send_batch
from partners.operations.send_transfers import send_transfers
from partners.two_people import SamePerson
from people import clock
from people.queries import local_day
from tests.local_stripe import LocalStripe
from tests.partners.stripe_payouts import StripePayouts, findings, owed, states
from tests.partners.test_transfers import faults, no_faults
from tests.payments.kill_points import swept

pytestmark = pytest.mark.django_db(transaction=True)


def test_ledger_case_13_two_people_approve_what_is_sent(sandbox: LocalStripe) -> None:
    stage = StripePayouts(sandbox)
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    now = clock.now()
    batch = propose_batch(by=stage.ana, as_of=local_day(now), currency="usd", now=now)

    with pytest.raises(SamePerson):
        approve_batch(batch_id=batch.pk, by=stage.ana, content_hash=batch.content_hash, now=now)
    approve_batch(batch_id=batch.pk, by=stage.ben, content_hash=batch.content_hash, now=now)
    PartnerPayout.objects.update(amount_minor=2532)
    with pytest.raises(NotApproved):
        send_batch(batch_id=batch.pk, by=stage.ana, now=now)

    assert (owed(dahlia.partner), stage.at_stripe()) == ((2531, 0), {})


def test_ledger_case_13_refused_then_lost_it_is_paid_once(sandbox: LocalStripe) -> None:
    stage = StripePayouts(sandbox)
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    send_batch(batch_id=stage.approved().pk, by=stage.ana, now=clock.now())
    send_transfers(now=clock.now())
    assert (states(), owed(dahlia.partner)) == (["failed"], (2531, 0))  # a definite rejection

    stage.fund()
    faults(stage, {"fault": "applied_then_dropped", "method": "POST", "path": "/v1/transfers", "times": 9})
    retry_payout(payout_id=PartnerPayout.objects.get().pk, by=stage.ana, now=clock.now())
    send_transfers(now=clock.now())
    assert (states(), owed(dahlia.partner)) == (["unknown"], (0, 2531))
    no_faults(stage)
    sandbox.do("faults", forget={"keys_older_than_h": 0})
    sandbox.advance(hours=21)
    swept()

    assert (states(), owed(dahlia.partner)) == (["settled"], (0, 0))
    payout = PartnerPayout.objects.get()
    assert list(payout.attempts.values_list("key", flat=True)) == [f"payout:{payout.pk}:1", f"payout:{payout.pk}:2"]
    assert [sum(amounts) for amounts in stage.at_stripe().values()] == [2531]
    assert findings() == []
