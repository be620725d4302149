"""Where partners are paid: entered by one, confirmed by another, and nothing paid in between."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction
from pytest_django import Settings

from partners import bank_numbers
from partners.destination_details import Details, WrongDetail
from partners.models import Agreement, DestinationEvent, Partner, PayoutBatch, PayoutDestination, PayoutHold
from partners.operations.approve_batch import NotPayable, approve_batch
from partners.operations.change_destination import change_destination
from partners.operations.confirm_destination import (
    CallNotDescribed,
    NotPending,
    confirm_destination,
    refuse_destination,
)
from partners.operations.edit_batch import take_out_payout
from partners.operations.hold_partner import NotHeld, hold_partner, lift_hold
from partners.operations.propose_batch import NothingEligible, propose_batch
from partners.operations.rotate_bank_keys import rotate_bank_keys
from partners.operations.send_batch import NotApproved, send_batch
from partners.two_people import SamePerson
from people import history
from people.models import Approval, Mail, User
from tests.partners.conftest import NOW, paid_at, person
from tests.partners.money import earn
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_payouts import approve, propose, state_of

pytestmark = pytest.mark.django_db
__all__ = ["today"]
ROUTING, ACCOUNT = "121000358", "000123456789"
NUMBERS = {
    "method": "ach",
    "words": "Commerce Bank",
    "routing": ROUTING,
    "account": ACCOUNT,
    "account_kind": "checking",
}
ACH = Details(**NUMBERS)  # type: ignore[arg-type]
LATER = NOW + timedelta(days=2)


def enter(partner: Partner, by: User, details: Details = ACH) -> PayoutDestination:
    return change_destination(partner_id=partner.pk, details=details, by=by, now=NOW)


def call(destination: PayoutDestination, by: User) -> PayoutDestination:
    return confirm_destination(destination_id=destination.pk, by=by, note="Called +1 816 555 0100.", now=NOW)


def test_a_change_is_paid_only_after_another_person_called(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    change = enter(valor.partner, ana)

    assert "On hold: its destination was changed" in state_of(valor.partner).why_not
    with pytest.raises(NothingEligible):
        propose(ana)
    with pytest.raises(SamePerson):
        call(change, ana)
    with pytest.raises(CallNotDescribed):
        confirm_destination(destination_id=change.pk, by=ben, note=" ", now=NOW)

    call(change, ben)
    assert state_of(valor.partner).why_not == "Its destination is new: it is paid from 21 October 2026 on."
    payout = propose_batch(by=ana, as_of=date(2026, 10, 22), currency="usd", now=LATER).payouts.get()
    assert (payout.method, payout.destination, payout.paid_to) == ("ach", "Commerce Bank, ending 6789", change)
    assert list(valor.partner.destinations.values_list("state", flat=True)) == ["active", "retired"]
    with pytest.raises(NotPending):
        call(change, ben)


def test_no_approval_survives_a_changed_destination(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    batch = approve(propose(ana), ben)

    change = enter(valor.partner, person("cleo@tassel.example"))
    with pytest.raises(NotApproved):
        send_batch(batch_id=batch.pk, by=ana, now=NOW)
    batch.refresh_from_db()
    assert (batch.state, batch.revision) == ("proposed", 1)
    with pytest.raises(NotPayable, match="on hold"):
        approve(batch, ben)

    call(change, ben)
    with pytest.raises(NotPayable, match="elsewhere"):
        approve(batch, ben)


def test_lines_as_before_still_need_a_new_approval(valor: Agreement, rehope: Agreement, ana: User, ben: User) -> None:
    """The hash of an edited batch is another one even where its lines look the same."""
    earn(valor, 20000, 1)
    earn(rehope, 20000, 2)
    batch = approve(propose(ana), ben)
    first = batch.content_hash

    held = hold_partner(partner_id=valor.partner.pk, by=ana, reason="A question", now=NOW)
    lift_hold(hold_id=held.pk, by=ben, reason="Answered", now=NOW)

    batch.refresh_from_db()
    assert batch.content_hash != first
    with pytest.raises(NotApproved):
        send_batch(batch_id=batch.pk, by=ana, now=NOW)


def test_whoever_entered_the_destination_does_not_approve(valor: Agreement, ana: User, ben: User) -> None:
    cleo = person("cleo@tassel.example", "finance approver")
    earn(valor, 20000)
    call(enter(valor.partner, cleo), ben)
    batch = propose_batch(by=ana, as_of=date(2026, 10, 22), currency="usd", now=LATER)

    with pytest.raises(SamePerson, match="You entered where Dahlia's Hope is paid"):
        approve_batch(batch_id=batch.pk, by=cleo, content_hash=batch.content_hash, now=LATER)
    approve_batch(batch_id=batch.pk, by=ben, content_hash=batch.content_hash, now=LATER)


def test_the_database_puts_nothing_in_use_without_a_second_person(dahlias_hope: Partner, ana: User, ben: User) -> None:
    change = enter(dahlias_hope, ana)
    PayoutDestination.objects.filter(partner=dahlias_hope, state="active").update(state="retired", ended_at=NOW)

    with pytest.raises(IntegrityError, match="not confirmed by a second person"), transaction.atomic():
        PayoutDestination.objects.filter(pk=change.pk).update(state="active", activated_at=NOW)
    for field, value in {"label": "Mine, ending 1", "fingerprint": "0" * 64, "partner_id": dahlias_hope.pk + 1}.items():
        with pytest.raises(IntegrityError), transaction.atomic():
            PayoutDestination.objects.filter(pk=change.pk).update(**{field: value})
    with pytest.raises(IntegrityError, match="begins by waiting"), transaction.atomic():
        PayoutDestination.objects.create(
            partner=dahlias_hope,
            method="bank",
            label="x",
            state="active",
            edited_by=ana,
            edited_at=NOW,
            activated_at=NOW,
        )
    with pytest.raises(IntegrityError, match="DELETE"), transaction.atomic():
        PayoutHold.objects.all().delete()


def test_bank_numbers_are_nowhere_in_clear(dahlias_hope: Partner, ana: User, ben: User) -> None:
    change = call(enter(dahlias_hope, ana), ben)
    page = words(signed_in(ben).get(f"/desk/destinations/partner/{dahlias_hope.pk}/"))

    row = PayoutDestination.objects.filter(pk=change.pk).values().get()
    for place in (str(row), page, repr(ACH), repr(bank_numbers.unseal(row["sealed_numbers"]))):
        assert ACCOUNT not in place and ROUTING not in place
    assert "Commerce Bank, ending 6789" in page
    opened = bank_numbers.unseal(row["sealed_numbers"])
    assert (opened.routing, opened.account) == (ROUTING, ACCOUNT)


def test_keys_are_rotated_without_losing_a_number(dahlias_hope: Partner, ana: User, settings: Settings) -> None:
    old, new = settings.BANK_KEYS[0], Fernet.generate_key().decode()
    sealed = enter(dahlias_hope, ana).sealed_numbers

    settings.BANK_KEYS = [new, old]
    assert rotate_bank_keys() == 1
    settings.BANK_KEYS = [new]

    assert bank_numbers.unseal(PayoutDestination.objects.get(method="ach").sealed_numbers).account == ACCOUNT
    with pytest.raises(bank_numbers.NotOpened):
        bank_numbers.unseal(sealed)
    settings.BANK_KEYS = []
    with pytest.raises(bank_numbers.NoKeys):
        enter(dahlias_hope, ana)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (NUMBERS | {"routing": "121000359"}, "routing"),
        (NUMBERS | {"routing": "000000000"}, "routing"),
        (NUMBERS | {"routing": "١٢١٠٠٠٣٥٨"}, "routing"),
        (NUMBERS | {"account": "123"}, "account"),
        (NUMBERS | {"account_kind": ""}, "account_kind"),
        (NUMBERS | {"words": "A 123456789"}, "words"),
        ({"method": "bank", "words": "Commerce 000123456789"}, "words"),
        ({"method": "bank", "words": "  "}, "words"),
        ({"method": "manual", "words": "x" * 81}, "words"),
        ({"method": "connect", "stripe_account": "cus_1"}, "stripe_account"),
        ({"method": "cheque", "payee": "Dahlia's Hope", "address": "PO Box 1", "is_office": True}, "address"),
        ({"method": "cheque", "payee": "Dahlia's Hope", "address": "PO Box 1\nKansas City"}, "is_office"),
        ({"method": "cheque", "payee": "", "address": "PO Box 1\nKansas City", "is_office": True}, "payee"),
    ],
)
def test_what_cannot_be_names_its_field(dahlias_hope: Partner, ana: User, typed: dict[str, Any], field: str) -> None:
    before = Approval.objects.count()

    with pytest.raises(WrongDetail) as refused:
        enter(dahlias_hope, ana, Details(**typed))

    assert refused.value.field == field
    assert (PayoutHold.objects.filter(lifted_at=None).exists(), Approval.objects.count()) == (False, before)


def test_a_later_change_replaces_one_that_waits(dahlias_hope: Partner, ana: User, ben: User) -> None:
    first, second = (
        enter(dahlias_hope, ana),
        enter(dahlias_hope, ana, Details(method="bank", words="Another, ending 1")),
    )

    with pytest.raises(NotPending):
        call(first, ben)
    call(second, ben)

    assert not PayoutHold.objects.filter(lifted_at=None).exists()
    assert dahlias_hope.destinations.get(state="active") == second


def test_a_refused_change_leaves_the_hold_for_another_person(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    change = enter(valor.partner, ana)
    hold = PayoutHold.objects.get(lifted_at=None)
    with pytest.raises(NotHeld, match="waits for its call-back"):
        lift_hold(hold_id=hold.pk, by=ben, reason="Seems fine", now=NOW)

    refuse_destination(destination_id=change.pk, by=ben, reason="They know nothing of it", now=NOW)

    assert state_of(valor.partner).why_not.startswith("On hold")
    with pytest.raises(SamePerson):
        lift_hold(hold_id=hold.pk, by=ana, reason="Mine", now=NOW)
    lift_hold(hold_id=hold.pk, by=ben, reason="A typing error", now=NOW)
    assert propose(ana).payouts.get().destination == "Commerce Bank, ending 6789"


def test_the_partner_hears_of_a_change(dahlias_hope: Partner, ana: User) -> None:
    dahlias_hope.remittance_email = "office@dahlia.example"
    dahlias_hope.save()

    enter(dahlias_hope, ana)

    mail = Mail.objects.get()
    assert mail.to == "office@dahlia.example"
    assert "Commerce Bank, ending 6789" in mail.text and ACCOUNT not in mail.text + mail.html


def test_a_change_through_the_pages(dahlias_hope: Partner, ana: User, ben: User) -> None:
    anas, bens, page = signed_in(ana), signed_in(ben), f"/desk/destinations/partner/{dahlias_hope.pk}/"
    typed = {"words": "Midwest", "routing": "121000359", "account": ACCOUNT, "account_kind": "savings"}

    wrong = anas.post(f"{page}ach/", typed)
    assert wrong.status_code == 400 and "no routing number" in words(wrong) and 'value="Midwest"' in words(wrong)
    anas.post(f"{page}ach/", typed | {"routing": ROUTING})
    change = dahlias_hope.destinations.get(state="pending")
    assert "another person calls" in words(anas.get(page))
    assert "Call Dahlia&#x27;s Hope about its new destination" in words(bens.get("/desk/"))
    assert anas.post(f"/desk/destinations/{change.pk}/confirm/", {"call-note": "x"}).status_code == 403
    empty = bens.post(f"/desk/destinations/{change.pk}/confirm/", {"call-note": ""})
    assert empty.status_code == 400 and "Say whom you called" in words(empty)

    bens.post(f"/desk/destinations/{change.pk}/confirm/", {"call-note": "Called the director"})

    assert dahlias_hope.destinations.get(state="active") == change
    assert "Called the director" in words(bens.get(page))
    assert "Replaced" in words(bens.get(page))


def test_the_pages_stay_at_a_few_queries(
    dahlias_hope: Partner, ana: User, ben: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        paid_at(dahlias_hope, f"Bank {number}", ana, ben)
    enter(dahlias_hope, ana)
    hold_partner(partner_id=dahlias_hope.pk, by=ana, reason="A question", now=NOW)
    client = signed_in(ben)

    for path in ("/desk/destinations/", f"/desk/destinations/partner/{dahlias_hope.pk}/"):
        with django_assert_max_num_queries(15):
            assert client.get(path).status_code == 200


def test_a_batch_edited_twice_counts_its_edits(valor: Agreement, rehope: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000, 1)
    earn(rehope, 20000, 2)
    batch = propose(ana)
    take_out_payout(payout_id=batch.payouts.get(partner=valor.partner).pk, by=ana, now=NOW)

    with pytest.raises(IntegrityError, match="not approved in this form"), transaction.atomic():
        PayoutBatch.objects.update(state="approved")
    with pytest.raises(IntegrityError, match="stands in no approved batch"), transaction.atomic():
        batch.payouts.filter(partner=rehope.partner).update(state="in_flight")


def test_every_change_of_every_destination_is_in_the_history(dahlias_hope: Partner, ana: User, ben: User) -> None:
    cleo = person("cleo@tassel.example", "finance preparer")
    refuse_destination(destination_id=enter(dahlias_hope, ana).pk, by=cleo, reason="A typing error", now=NOW)
    call(enter(dahlias_hope, ana), ben)

    rows = [row for row in history.changes("Destinations") if row["h_subject"] == f"partner:{dahlias_hope.pk}"]

    assert {(row["h_what"], row["h_who"], row["h_why"]) for row in rows} == {
        ("entered anew", ana.pk, "Commerce Bank, ending 6789"),
        ("called back and in use", ben.pk, "Commerce Bank, ending 6789"),
        ("given up", cleo.pk, "Commerce Bank, ending 6789"),
        ("replaced", ben.pk, "Commerce Bank, ending 6789"),
    }
    page = words(signed_in(ben).get("/desk/history/?topic=Destinations"))
    assert "Cleo" in page and "Given up" in page
    assert ACCOUNT not in page and ROUTING not in page
    with pytest.raises(IntegrityError), transaction.atomic():
        DestinationEvent.objects.update(by=ana)
