"""Cheques and payouts by other ways: registered, settled by the bank's line, void, stale, reissued."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.core.files.uploadedfile import SimpleUploadedFile

from ledger import queries as books
from ledger.models import Entry
from partners.destination_details import Details
from partners.models import Agreement, BankAccount, Cheque, PartnerPayout, PayoutHold
from partners.operations.approve_batch import approve_batch
from partners.operations.confirm_sent_by_hand import NotAttachable, ReasonMissing, confirm_sent_by_hand
from partners.operations.hold_partner import lift_hold
from partners.operations.issue_cheque import NotACheque, NotPayable, NotStale, NumberUsed, issue_cheque, void_cheque
from partners.operations.propose_batch import propose_batch
from partners.operations.retry_payout import retry_payout
from partners.operations.send_batch import send_batch
from partners.operations.settle_payout import finish_batches, settle_payout
from partners.two_people import SamePerson
from people.models import Attachment, Mail, User
from tests.partners.money import earn
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_destinations import LATER, call, enter
from tests.partners.test_transfers import findings

pytestmark = pytest.mark.django_db
__all__ = ["today"]
CHEQUE = Details(method="cheque", payee="Dahlia's Hope Inc", address="PO Box 12\nKansas City MO 64101", is_office=True)
BY_HAND = Details(method="manual", words="Wire by the treasurer, ending 6789")


def sent(agreement: Agreement, details: Details, ana: User, ben: User) -> PartnerPayout:
    call(enter(agreement.partner, ana, details), ben)
    earn(agreement, 20000)
    batch = propose_batch(by=ana, as_of=date(2026, 10, 22), currency="usd", now=LATER)
    approve_batch(batch_id=batch.pk, by=ben, content_hash=batch.content_hash, now=LATER)
    send_batch(batch_id=batch.pk, by=ana, now=LATER)
    return PartnerPayout.objects.select_related("partner").get(batch=batch)


def test_a_cheque_from_print_to_cleared(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> None:
    valor.partner.remittance_email = "office@dahlia.example"
    valor.partner.save()
    payout = sent(valor, CHEQUE, ana, ben)
    page = words(signed_in(ana).get(f"/desk/payouts/{payout.batch_id}/{payout.pk}/"))
    assert "To the order of Dahlia&#x27;s Hope Inc" in page and "PO Box 12" in page

    issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)
    with pytest.raises(NotACheque):
        issue_cheque(payout_id=payout.pk, account=checking, number=1002, by=ana, now=LATER)

    payout.refresh_from_db()
    settle_payout(payout, on=LATER.date(), at=LATER, bank=f"bank:{checking.pk}", now=LATER)
    finish_batches([payout.batch_id], LATER)
    attempt = payout.attempts.get()
    assert (payout.state, attempt.external_id) == ("settled", f"cheque:{checking.pk}:1001")
    assert Mail.objects.filter(key=f"payout:{payout.pk}:1:on_its_way").count() == 1
    assert (books.balance("payable", valor.partner.owner), findings()) == (0, [])


def test_a_void_cheque_is_reissued_under_a_new_number(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = sent(valor, CHEQUE, ana, ben)
    issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)

    void_cheque(payout_id=payout.pk, stale=False, by=ana, now=LATER)
    assert books.balance("payable", valor.partner.owner) == -4000
    with pytest.raises(NotPayable, match="on hold"):
        retry_payout(payout_id=payout.pk, by=ana, now=LATER)
    hold = PayoutHold.objects.get(reason="voided")
    with pytest.raises(SamePerson):
        lift_hold(hold_id=hold.pk, by=ana, reason="The bank stopped it", now=LATER)
    lift_hold(hold_id=hold.pk, by=ben, reason="The bank stopped it", now=LATER)
    retry_payout(payout_id=payout.pk, by=ana, now=LATER)
    with pytest.raises(NumberUsed):
        issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)
    issue_cheque(payout_id=payout.pk, account=checking, number=1002, by=ana, now=LATER)

    assert list(payout.attempts.values_list("number", "state", "failure_code")) == [
        (1, "voided", "voided"),
        (2, "in_flight", ""),
    ]
    assert list(payout.events.values_list("word", "by__name")) == [("voided", "Ana")]
    entries = Entry.objects.filter(source=payout.ref).values_list("actor", flat=True)
    assert set(entries) == {f"user:{ana.pk}"}
    kinds = Entry.objects.filter(source=payout.ref).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["payout_sent", "cheque_voided", "payout_sent"]
    assert (books.balance("payable", valor.partner.owner), Cheque.objects.count(), findings()) == (0, 2, [])


def test_a_cheque_is_stale_after_180_days(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> None:
    payout = sent(valor, CHEQUE, ana, ben)
    with pytest.raises(NotACheque):
        void_cheque(payout_id=payout.pk, stale=True, by=ana, now=LATER)
    issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)

    with pytest.raises(NotStale, match="22 October 2026"):
        void_cheque(payout_id=payout.pk, stale=True, by=ana, now=LATER + timedelta(days=179))
    void_cheque(payout_id=payout.pk, stale=True, by=ana, now=LATER + timedelta(days=180))

    assert payout.attempts.get().failure_code == "stale"
    assert books.balance("payable", valor.partner.owner) == -4000


def test_another_way_needs_a_reason_and_a_proof(valor: Agreement, ana: User, ben: User) -> None:
    payout = sent(valor, BY_HAND, ana, ben)
    with pytest.raises(ReasonMissing):
        confirm_sent_by_hand(payout_id=payout.pk, reason=" ", name="a.pdf", content=b"%PDF", by=ana, now=LATER)
    with pytest.raises(NotAttachable):
        confirm_sent_by_hand(payout_id=payout.pk, reason="Urgent", name="a.exe", content=b"MZ", by=ana, now=LATER)
    assert not Attachment.objects.filter(subject__startswith="payout:").exists()

    confirm_sent_by_hand(payout_id=payout.pk, reason="Urgent", name="a.pdf", content=b"%PDF", by=ana, now=LATER)

    payout.refresh_from_db()
    assert payout.state == "in_flight"
    assert {(row.subject, row.name) for row in Attachment.objects.filter(subject__startswith="payout:")} == {
        (f"payout:{payout.pk}:1", "a.pdf"),
        (f"payout:{payout.pk}:1", "why.txt"),
    }


def test_the_steps_through_the_pages(
    valor: Agreement, checking: BankAccount, ana: User, ben: User, django_assert_max_num_queries: Any
) -> None:
    payout = sent(valor, CHEQUE, ana, ben)
    client, steps = signed_in(ana), f"/desk/payouts/one/{payout.pk}/"
    page = f"/desk/payouts/{payout.batch_id}/{payout.pk}/"

    wrong = client.post(f"{steps}cheque/", {"account": checking.pk, "number": "x"})
    assert wrong.status_code == 400 and 'value="x"' in words(wrong)
    client.post(f"{steps}cheque/", {"account": checking.pk, "number": 1001})
    assert "Cheque 1001 is out" in words(client.get(page))
    client.post(f"{steps}void/")
    assert "It did not leave" in words(client.get(page))
    client.post(f"{steps}retry/")
    assert "is on hold" in words(client.get(page))
    lift_hold(hold_id=PayoutHold.objects.get(reason="voided").pk, by=ben, reason="Stopped", now=LATER)
    client.post(f"{steps}retry/")
    again = client.post(f"{steps}cheque/", {"account": checking.pk, "number": 1001})
    assert again.status_code == 400 and "in the register already" in words(again)
    client.post(f"{steps}cheque/", {"account": checking.pk, "number": 1002})
    bad = client.post(f"{steps}notice/", {"code": "Z9"})
    assert bad.status_code == 400 and "Write the bank&#x27;s code" in words(bad)
    client.post(f"{steps}notice/", {"code": "R16"})
    client.post(f"{steps}give-up/")

    assert PartnerPayout.objects.get(pk=payout.pk).state == "released"
    with django_assert_max_num_queries(15):
        assert "Taken out" in words(client.get(page))


def test_who_is_not_sure_to_be_there_is_asked_before_the_form(valor: Agreement, ana: User, ben: User) -> None:
    """A proof that is sent too late would be lost while the factor is asked for."""
    payout = sent(valor, BY_HAND, ana, ben)
    client, step = signed_in(ana), f"/desk/payouts/one/{payout.pk}/by-hand/"
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = []
    session.save()
    page = words(client.get(f"/desk/payouts/{payout.batch_id}/{payout.pk}/"))
    assert "Show that it is you" in page and "It is on its way" not in page

    answer = client.post(step, {"reason": "Urgent", "proof": SimpleUploadedFile("wire.pdf", b"%PDF-1.7")}, follow=True)

    assert answer.redirect_chain[-1][0].startswith("/account/2fa/reauthenticate/")
    assert "Nothing was kept" in words(answer)
    assert not Attachment.objects.filter(subject__startswith="payout:").exists()
    assert signed_in(ana).get(step)["Location"] == f"/desk/payouts/{payout.batch_id}/{payout.pk}/"


def test_proof_is_uploaded_through_the_page(valor: Agreement, ana: User, ben: User) -> None:
    payout = sent(valor, BY_HAND, ana, ben)
    client, step = signed_in(ana), f"/desk/payouts/one/{payout.pk}/by-hand/"

    assert client.post(step, {"reason": "Urgent"}).status_code == 400
    client.post(step, {"reason": "Urgent", "proof": SimpleUploadedFile("wire.pdf", b"%PDF-1.7")})

    assert "Attached: wire.pdf" in words(client.get(f"/desk/payouts/{payout.batch_id}/{payout.pk}/"))
