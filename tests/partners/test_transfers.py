"""Payouts by Stripe transfer: sent once, booked by their balance transaction, whatever happens on the way."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import queries as books
from ledger.models import Entry
from partners.models import PartnerPayout, PayoutAttempt, PayoutItem
from partners.operations.hold_partner import hold_partner, lift_hold
from partners.operations.propose_batch import NothingEligible
from partners.operations.retry_payout import NotFailed, give_payout_up, retry_payout
from partners.operations.say_not_sent import MayHaveLeft, say_not_sent
from partners.operations.send_batch import NotApproved, send_batch
from partners.operations.send_transfers import request_of, send_transfers
from partners.queries import totals
from payments.models import StripeCall
from payments.operations.list_balance_transactions import list_balance_transactions
from payments.operations.make_call import make_call
from payments.operations.make_transfer import StripeRefused, StripeUnavailable, make_transfer
from people import clock
from people.models import Mail
from tests.local_stripe import LocalStripe
from tests.partners.stripe_payouts import StripePayouts, findings, owed, states, unanswered
from tests.payments.kill_points import POINTS, killed_at, swept
from tests.payments.test_balance_with_sandbox import api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(sandbox: LocalStripe) -> StripePayouts:
    return StripePayouts(sandbox)


def send(stage: StripePayouts) -> None:
    send_batch(batch_id=stage.approved().pk, by=stage.ana, now=clock.now())
    send_transfers(now=clock.now())


def faults(stage: StripePayouts, *plan: dict[str, Any]) -> None:
    stage.sandbox.do("faults", api=list(plan))


def no_faults(stage: StripePayouts) -> None:
    stage.sandbox._http.delete(f"{stage.sandbox.url}/_sandbox/faults", timeout=20)


def test_a_batch_is_paid_through_stripe(stage: StripePayouts) -> None:
    stage.fund()
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)

    send(stage)
    list_balance_transactions(now=clock.now())

    payout = PartnerPayout.objects.get()
    attempt = payout.attempts.get()
    assert (payout.state, attempt.state, payout.batch.state) == ("settled", "settled", "settled")
    assert attempt.external_id.startswith("stripe:transfer:tr_") and attempt.settled_entry is not None
    assert attempt.settled_entry.kind == "transfer"
    assert attempt.settled_entry.idempotency_key.startswith("stripe:bt:txn_")
    assert owed(dahlia.partner) == (0, 0)
    assert totals(dahlia.partner).paid_minor == 2531
    assert "$25.31" in Mail.objects.get(key=f"payout:{payout.pk}:1:on_its_way").text
    assert findings() == []


def test_case_13_of_the_rules(stage: StripePayouts) -> None:
    """rules/ledger.md 11: a call that times out is looked for, a refusal gives the liability back, a retry is new."""
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)

    # Not enough in the balance: a definite rejection.
    send(stage)
    payout = PartnerPayout.objects.get()
    assert (states(), payout.attempts.get().failure_code) == (["failed"], "balance_insufficient")
    assert owed(dahlia.partner) == (2531, 0)
    assert stage.at_stripe() == {}
    with pytest.raises(NothingEligible):
        stage.approved()

    # A retry has a new key and a new phase 1; its answer is lost.
    stage.fund()
    faults(stage, {"fault": "applied_then_dropped", "method": "POST", "path": "/v1/transfers", "times": 9})
    retry_payout(payout_id=payout.pk, by=stage.ana, now=clock.now())
    send_transfers(now=clock.now())
    assert (states(), owed(dahlia.partner)) == (["unknown"], (0, 2531))
    with pytest.raises(NotFailed):
        retry_payout(payout_id=payout.pk, by=stage.ana, now=clock.now())

    # Stripe has forgotten the key by then: the transfer is found by its group.
    no_faults(stage)
    stage.sandbox.do("faults", forget={"keys_older_than_h": 0})
    stage.sandbox.advance(hours=21)
    swept()
    assert (states(), owed(dahlia.partner)) == (["settled"], (0, 0))

    attempts = list(payout.attempts.values_list("key", "state"))
    assert attempts == [(f"payout:{payout.pk}:1", "failed"), (f"payout:{payout.pk}:2", "settled")]
    assert [sum(amounts) for amounts in stage.at_stripe().values()] == [2531]
    keys = Entry.objects.filter(source=payout.ref).order_by("id").values_list("idempotency_key", flat=True)
    assert [key.partition(":")[2] for key in keys][:3] == [
        f"{payout.pk}:{word}" for word in ("sent:1", "failed:1", "sent:2")
    ]
    assert findings() == []


def test_a_hold_stops_a_transfer_that_was_sent_and_not_asked_for(stage: StripePayouts) -> None:
    """It waits; once a person says that it did not leave, Stripe is never asked under its key, whoever tries."""
    stage.fund()
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    send_batch(batch_id=stage.approved().pk, by=stage.ana, now=clock.now())
    held = hold_partner(partner_id=dahlia.partner.pk, by=stage.ana, reason="A question", now=clock.now())
    late = PayoutAttempt.objects.select_related("payout", "paid_to").get()

    assert (send_transfers(now=clock.now()), StripeCall.objects.count(), states()) == (0, 0, ["submitting"])
    say_not_sent(payout_id=late.payout_id, by=stage.ana, now=clock.now())
    with pytest.raises(StripeRefused):
        make_transfer(request=request_of(late), now=clock.now())
    assert (states(), owed(dahlia.partner), stage.at_stripe()) == (["failed"], (2531, 0), {})

    lift_hold(hold_id=held.pk, by=stage.ben, reason="Answered", now=clock.now())
    retry_payout(payout_id=late.payout_id, by=stage.ana, now=clock.now())
    send_transfers(now=clock.now())
    assert (states(), owed(dahlia.partner), findings()) == (["settled"], (0, 0), [])


def test_a_hold_stops_what_a_worker_meant_to_ask_for_and_died(stage: StripePayouts) -> None:
    """Neither sweep sends it, and nothing of it is outside: a person may say that it did not leave."""
    dahlia = waiting_with_funds(stage)
    killed_at("after row", lambda: send_transfers(now=clock.now()), POINTS)
    hold_partner(partner_id=dahlia.partner.pk, by=stage.ana, reason="Its bank was taken over", now=clock.now())

    swept()
    send_transfers(now=clock.now())
    call = StripeCall.objects.get(purpose="transfer")
    assert (call.state, call.attempts, states(), stage.at_stripe()) == ("intended", 0, ["submitting"], {})

    stale = StripeCall.objects.get(pk=call.pk)
    say_not_sent(payout_id=PartnerPayout.objects.get().pk, by=stage.ana, now=clock.now())
    with pytest.raises(StripeRefused):
        make_call(stale, now=clock.now())
    swept()
    assert (states(), owed(dahlia.partner), stage.at_stripe()) == (["failed"], (2531, 0), {})


@pytest.mark.parametrize(("fault", "ends"), [("reset", "unknown"), ("applied_then_dropped", "settled")])
def test_a_hold_stops_what_has_no_answer_yet(stage: StripePayouts, fault: str, ends: str) -> None:
    """It is looked for and never sent again; what is not there a day later never left."""
    dahlia = waiting_with_funds(stage)
    faults(stage, {"fault": fault, "method": "POST", "path": "/v1/transfers", "times": 9})
    send_transfers(now=clock.now())
    hold_partner(partner_id=dahlia.partner.pk, by=stage.ana, reason="Its bank was taken over", now=clock.now())
    no_faults(stage)

    assert states() == ["unknown"]
    swept()
    assert states() == [ends]

    stage.sandbox.advance(hours=21)
    swept()
    gone = ends == "settled"
    assert (states(), owed(dahlia.partner)) == (["settled" if gone else "failed"], (0 if gone else 2531, 0))
    assert (sum(map(sum, stage.at_stripe().values())), findings()) == (2531 if gone else 0, [])


def waiting_with_funds(stage: StripePayouts) -> Any:
    """A partner whose transfer is sent by a person here, and not yet asked for."""
    stage.fund()
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    send_batch(batch_id=stage.approved().pk, by=stage.ana, now=clock.now())
    return dahlia


def test_a_transfer_that_was_asked_for_is_not_said_to_be_here(stage: StripePayouts) -> None:
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    send_batch(batch_id=stage.approved().pk, by=stage.ana, now=clock.now())
    attempt = PayoutAttempt.objects.select_related("payout", "paid_to").get()
    faults(stage, {"fault": "applied_then_dropped", "method": "POST", "path": "/v1/transfers", "times": 9})
    with pytest.raises(StripeUnavailable):
        make_transfer(request=request_of(attempt), now=clock.now())

    with pytest.raises(MayHaveLeft):
        say_not_sent(payout_id=attempt.payout_id, by=stage.ana, now=clock.now())

    assert (states(), owed(dahlia.partner)) == (["submitting"], (0, 2531))


def test_what_did_not_leave_can_be_taken_out_and_proposed_again(stage: StripePayouts) -> None:
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    send(stage)
    payout = PartnerPayout.objects.get()

    give_payout_up(payout_id=payout.pk, by=stage.ana, now=clock.now())

    payout.refresh_from_db()
    assert (payout.state, payout.batch.state) == ("released", "settled")
    with pytest.raises(NotFailed):
        retry_payout(payout_id=payout.pk, by=stage.ana, now=clock.now())
    stage.fund()
    send_batch(batch_id=stage.approved().pk, by=stage.ana, now=clock.now())
    send_transfers(now=clock.now())
    assert states() == ["released", "settled"]
    assert (owed(dahlia.partner), findings()) == ((0, 0), [])


def test_a_transfer_that_is_taken_back_is_owed_again(stage: StripePayouts) -> None:
    stage.fund()
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    send(stage)
    payout = PartnerPayout.objects.get()
    transfer_id = payout.attempts.get().external_id.rpartition(":")[2]

    api().transfers.reversals.create(transfer_id, {"amount": 531})
    list_balance_transactions(now=clock.now())
    assert (states(), owed(dahlia.partner), findings()) == (["settled"], (531, 0), [])

    api().transfers.reversals.create(transfer_id)
    list_balance_transactions(now=clock.now())

    payout.refresh_from_db()
    assert (payout.state, owed(dahlia.partner), findings()) == ("returned", (2531, 0), [])
    assert payout.returned_on is not None and totals(dahlia.partner).paid_minor == 0
    assert not PayoutItem.objects.filter(released_at=None).exists()
    send(stage)
    assert states() == ["returned", "settled"]
    assert owed(dahlia.partner) == (0, 0)


def test_two_workers_and_a_second_click_send_once(stage: StripePayouts) -> None:
    stage.fund()
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    batch = stage.approved()
    send_batch(batch_id=batch.pk, by=stage.ana, now=clock.now())
    with pytest.raises(NotApproved):
        send_batch(batch_id=batch.pk, by=stage.ben, now=clock.now())

    assert [send_transfers(now=clock.now()) for _ in range(2)] == [1, 0]

    assert list(stage.at_stripe().values()) == [[2531]]
    assert (unanswered(), StripeCall.objects.count(), PayoutAttempt.objects.count()) == (0, 1, 1)
    assert books.balance("payable", dahlia.partner.owner) == 0
