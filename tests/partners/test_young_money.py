"""What was taken back after it was proposed is not paid with shares inside the refund window, nor counted twice."""

from __future__ import annotations

import pytest

from ledger.operations.seal_entries import seal_all
from partners.models import Agreement, Allocation, PartnerPayout, PayoutBatch
from partners.operations.approve_batch import NotWaiting
from partners.operations.fail_attempt import fail_attempt
from partners.operations.hold_shares import hold_shares
from partners.operations.refuse_batch import refuse_batch
from partners.operations.retry_payout import PayableShrunk, retry_payout
from partners.operations.reverse_shares import reverse_shares
from partners.operations.send_batch import send_batch
from people.models import User
from tests.partners.conftest import NOW
from tests.partners.money import earn
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_payouts import approve, books_hold, propose, state_of

pytestmark = pytest.mark.django_db
__all__ = ["today"]


def refund(share: Allocation, number: int, minor: int) -> None:
    reverse_shares(
        source=share.source, charge_ref=share.charge_ref, cause=f"stripe:refund:re_{number}",
        refunded_minor={f"order_line:{number}": minor}, at=NOW, now=NOW,
    )  # fmt: skip


def send(batch: PayoutBatch, by: User) -> None:
    send_batch(batch_id=batch.pk, by=by, now=NOW)


@pytest.mark.parametrize("young", [{"days_ago": 1}, {"available": False}])
def test_young_money_does_not_pay_a_refunded_share(
    valor: Agreement, ana: User, ben: User, young: dict[str, int]
) -> None:
    share = earn(valor, 20000, 1)
    batch = approve(propose(ana), ben)
    earn(valor, 25000, 2, **young)  # type: ignore[arg-type]
    refund(share, 1, 5000)

    with pytest.raises(PayableShrunk):
        send(batch, ana)

    assert PartnerPayout.objects.get().state == "proposed"


def test_an_approved_batch_that_cannot_be_sent_is_taken_back(valor: Agreement, ana: User, ben: User) -> None:
    """Its only payout cannot be taken out, and its share is not held for ever."""
    share = earn(valor, 20000, 1)
    batch = approve(propose(ana), ben)
    refund(share, 1, 5000)
    page, client = f"/desk/payouts/{batch.pk}/", signed_in(ben)
    assert "take the batch back" in words(client.post(f"{page}send/", follow=True))
    assert "Take back batch" in words(client.get(page))

    client.post(f"{page}refuse/", {"reason": "A refund came between"})

    batch.refresh_from_db()
    assert batch.state == "refused"
    assert "Approved by Ben" in (shown := words(client.get(page))) and "Taken back by Ben" in shown
    send(approve(propose(ana), ben), ana)
    assert PartnerPayout.objects.get(state="in_flight").amount_minor == 3000
    books_hold()


def test_a_sent_batch_is_not_taken_back(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000, 1)
    send(batch := approve(propose(ana), ben), ana)

    with pytest.raises(NotWaiting):
        refuse_batch(batch_id=batch.pk, by=ben, reason="Too late", now=NOW)

    assert PartnerPayout.objects.get().state == "in_flight"


def test_what_could_be_proposed_today_makes_up_for_it(valor: Agreement, ana: User, ben: User) -> None:
    share = earn(valor, 20000, 1)
    batch = approve(propose(ana), ben)
    earn(valor, 25000, 2)
    refund(share, 1, 5000)

    send(batch, ana)

    assert state_of(valor.partner).eligible_minor == 4000
    books_hold()


def test_a_late_retry_looks_again(valor: Agreement, ana: User, ben: User) -> None:
    share = earn(valor, 20000, 1)
    send(batch := approve(propose(ana), ben), ana)
    payout = batch.payouts.select_related("partner").get()
    fail_attempt(payout, payout.attempts.get(), code="", now=NOW)
    earn(valor, 25000, 2, days_ago=1)
    refund(share, 1, 20000)

    with pytest.raises(PayableShrunk):
        retry_payout(payout_id=payout.pk, by=ana, now=NOW)


def test_another_batchs_claim_does_not_make_up_for_it(valor: Agreement, ana: User, ben: User) -> None:
    share = earn(valor, 20000, 1)
    first = approve(propose(ana), ben)
    earn(valor, 25000, 2)
    second = approve(propose(ana), ben)
    refund(share, 1, 5000)

    with pytest.raises(PayableShrunk):
        send(first, ana)
    send(second, ana)

    assert second.payouts.get().amount_minor == 5000
    books_hold()


@pytest.mark.parametrize("is_hold", [False, True])
def test_a_refund_between_sealing_and_proposing_adds_nothing(
    valor: Agreement, ana: User, monkeypatch: pytest.MonkeyPatch, is_hold: bool
) -> None:
    """At the cut-off the young share was whole: it is neither ready nor anything else that is payable."""
    earn(valor, 20000, 1)
    young = earn(valor, 10000, 2, days_ago=1)

    def sealed_before() -> int:
        through_seq = seal_all()
        if is_hold:
            hold_shares(
                source=young.source, charge_ref=young.charge_ref, cause="stripe:dispute:dp_1",
                refunded_minor={"order_line:2": 0}, disputed_minor={"order_line:2": 10000}, at=NOW, now=NOW,
            )  # fmt: skip
        else:
            refund(young, 2, 10000)
        return through_seq

    monkeypatch.setattr("partners.operations.propose_batch.seal_all", sealed_before)

    assert propose(ana).payouts.get().amount_minor == 4000
