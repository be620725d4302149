"""Who changed a batch never approves it, however often others changed it after; they may take it back."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from partners.models import Agreement, PayoutBatch, PayoutEvent
from partners.operations.edit_batch import take_out_payout
from partners.operations.hold_partner import hold_partner, lift_hold
from partners.two_people import SamePerson
from people.models import Approval, User
from tests.partners.conftest import NOW, person
from tests.partners.money import earn
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_payouts import approve, books_hold, propose

pytestmark = pytest.mark.django_db
__all__ = ["today"]


@pytest.fixture
def edited(valor: Agreement, rehope: Agreement, ana: User, ben: User) -> PayoutBatch:
    """Ana proposed it for two partners, and Ben took one out."""
    earn(valor, 20000, 1)
    earn(rehope, 20000, 2)
    batch = propose(ana)
    take_out_payout(payout_id=batch.payouts.get(partner=valor.partner).pk, by=ben, now=NOW)
    return batch


def test_an_edit_counts_for_good(edited: PayoutBatch, rehope: Agreement, ben: User) -> None:
    cleo = person("cleo@tassel.example", "finance preparer")
    hold = hold_partner(partner_id=rehope.partner_id, by=cleo, reason="A question", now=NOW)
    lift_hold(hold_id=hold.pk, by=ben, reason="Answered", now=NOW)
    edited.refresh_from_db()

    with pytest.raises(SamePerson):
        approve(edited, ben)
    assert list(PayoutEvent.objects.values_list("word", "by__name")) == [("taken_out", "Ben"), ("held", "Cleo")]
    approve(edited, person("dana@tassel.example", "finance approver"))


def test_the_database_knows_every_editor(edited: PayoutBatch, rehope: Agreement, ben: User) -> None:
    cleo = person("cleo@tassel.example", "finance preparer")
    hold_partner(partner_id=rehope.partner_id, by=cleo, reason="A question", now=NOW)
    edited.refresh_from_db()
    Approval.objects.filter(subject=edited.approval_subject).update(
        decision="approved", decided_by=ben, decided_at=NOW, subject_hash=edited.content_hash
    )

    with pytest.raises(IntegrityError, match="not approved in this form"), transaction.atomic():
        PayoutBatch.objects.update(state="approved")
    with pytest.raises(IntegrityError, match="DELETE"), transaction.atomic():
        PayoutEvent.objects.all().delete()
    with pytest.raises(IntegrityError, match="UPDATE"), transaction.atomic():
        PayoutEvent.objects.update(by=cleo)


def test_a_preparer_takes_back_their_own_batch_and_no_other(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000, 1)
    batch = approve(propose(ana), ben)
    page, cleo = f"/desk/payouts/{batch.pk}/", signed_in(person("cleo@tassel.example", "finance preparer"))
    assert "Take it back" not in words(cleo.get(page))
    assert "a finance approver decides" in words(cleo.post(f"{page}refuse/", {"reason": "No"}, follow=True))
    batch.refresh_from_db()
    assert batch.state == "approved"

    assert "Take it back" in words(signed_in(ana).get(page))
    signed_in(ana).post(f"{page}refuse/", {"reason": "A refund came between"})

    batch.refresh_from_db()
    assert (batch.state, propose(ana).payouts.count()) == ("refused", 1)


def test_who_changed_a_batch_takes_it_back(edited: PayoutBatch, ana: User, ben: User) -> None:
    """Where two people do all the work, a batch that both have touched would hold its shares for ever."""
    page, client = f"/desk/payouts/{edited.pk}/", signed_in(ben)
    shown = words(client.get(page))
    assert "Take it back" in shown and "Approve $" not in shown
    assert "Dahlia&#x27;s Hope: taken out of the batch, by Ben" in shown

    client.post(f"{page}refuse/", {"reason": "Both of us changed it"})

    assert "Taken back by Ben" in words(client.get(page))
    assert Approval.objects.get(subject=edited.approval_subject).decision == "void"
    assert propose(ana).payouts.count() == 2
    books_hold()
