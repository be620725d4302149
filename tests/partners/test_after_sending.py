"""A hold, or another destination, stops also what was sent but has not left; a person says that it did not leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ledger import queries as books
from partners.models import AchFile, AchOriginator, Agreement, BankAccount, PartnerPayout, PayoutBatch, PayoutHold
from partners.operations.check_destinations import NotPayable
from partners.operations.confirm_sent_by_hand import confirm_sent_by_hand
from partners.operations.hold_partner import hold_partner, lift_hold
from partners.operations.issue_cheque import issue_cheque
from partners.operations.make_ach_file import FileOutdated, download_ach_file
from partners.operations.record_bank_notice import record_bank_notice
from partners.operations.retry_payout import give_payout_up, retry_payout
from partners.operations.say_not_sent import MayHaveLeft, say_not_sent
from partners.two_people import SamePerson
from people.models import User
from tests.partners.test_ach import make, originator, waiting
from tests.partners.test_cheques import BY_HAND, CHEQUE, sent
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_destinations import LATER, call, enter
from tests.partners.test_transfers import findings

pytestmark = pytest.mark.django_db
__all__ = ["originator", "today", "waiting"]


def of(batch: PayoutBatch, agreement: Agreement) -> PartnerPayout:
    return batch.payouts.select_related("partner").get(partner=agreement.partner)


def moved(agreement: Agreement, ana: User, ben: User) -> None:
    """The partner is called back about another place, and paid there from now on."""
    call(enter(agreement.partner, ana), ben)


def held(agreement: Agreement, ana: User, ben: User) -> None:
    hold_partner(partner_id=agreement.partner_id, by=ana, reason="Its old account is closed", now=LATER)


@pytest.mark.parametrize("stop", [held, moved])
def test_no_file_is_made_for_whom_a_hold_stops(
    *,
    waiting: PayoutBatch,
    originator: AchOriginator,
    valor: Agreement,
    ana: User,
    ben: User,
    stop: Callable[..., None],
) -> None:
    stop(valor, ana, ben)

    with pytest.raises(NotPayable, match=r"Dahlia's Hope is (on hold|paid elsewhere)"):
        make(waiting, ana)
    say_not_sent(payout_id=of(waiting, valor).pk, by=ana, now=LATER)

    file = make(waiting, ana)
    assert file.entries.count() == 1
    assert (books.balance("payable", valor.partner.owner), findings()) == (-4000, [])
    assert of(waiting, valor).attempts.get().failure_code == "not_sent"


def test_no_file_is_fetched_for_whom_a_hold_stops(
    *, waiting: PayoutBatch, originator: AchOriginator, valor: Agreement, rehope: Agreement, ana: User, ben: User
) -> None:
    file = make(waiting, ana)
    held(valor, ana, ben)
    with pytest.raises(NotPayable):
        download_ach_file(file_id=file.pk, by=ana, now=LATER)

    say_not_sent(payout_id=of(waiting, valor).pk, by=ana, now=LATER)
    give_payout_up(payout_id=of(waiting, valor).pk, by=ana, now=LATER)
    with pytest.raises(FileOutdated):
        download_ach_file(file_id=file.pk, by=ana, now=LATER)
    say_not_sent(payout_id=of(waiting, rehope).pk, by=ana, now=LATER)
    retry_payout(payout_id=of(waiting, rehope).pk, by=ana, now=LATER)

    assert download_ach_file(file_id=make(waiting, ana).pk, by=ana, now=LATER).count(b"\r\n6") == 1
    assert AchFile.objects.filter(downloaded_at=None).get() == file


def test_a_line_that_came_back_is_not_fetched_after(
    waiting: PayoutBatch, originator: AchOriginator, valor: Agreement, ana: User, ben: User
) -> None:
    """The partner is owed it again and may be paid by another file: the first one would pay twice."""
    file = make(waiting, ana)
    record_bank_notice(payout_id=of(waiting, valor).pk, code="R03", account=None, by=ana, now=LATER)
    hold = valor.partner.payout_holds.get(lifted_at=None)
    lift_hold(hold_id=hold.pk, by=ben, reason="A typing error", now=LATER)

    with pytest.raises(FileOutdated):
        download_ach_file(file_id=file.pk, by=ana, now=LATER)


def test_what_was_fetched_may_have_left(waiting: PayoutBatch, originator: AchOriginator, ana: User) -> None:
    file = make(waiting, ana)
    download_ach_file(file_id=file.pk, by=ana, now=LATER)

    with pytest.raises(MayHaveLeft):
        say_not_sent(payout_id=waiting.payouts.order_by("pk")[0].pk, by=ana, now=LATER)


@pytest.mark.parametrize("details", [CHEQUE, BY_HAND])
@pytest.mark.parametrize("stop", [held, moved])
def test_no_cheque_and_no_hand_passes_a_hold(
    *, valor: Agreement, checking: BankAccount, ana: User, ben: User, details: Any, stop: Callable[..., None]
) -> None:
    payout = sent(valor, details, ana, ben)
    stop(valor, ana, ben)

    with pytest.raises(NotPayable):
        if details == CHEQUE:
            issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)
        else:
            confirm_sent_by_hand(payout_id=payout.pk, reason="It", name="a.pdf", content=b"%PDF", by=ana, now=LATER)

    payout.refresh_from_db()
    assert payout.state == "submitting"


@pytest.mark.parametrize("details", [CHEQUE, BY_HAND])
def test_what_only_its_sender_sees_is_tried_again_by_two(valor: Agreement, ana: User, ben: User, details: Any) -> None:
    """A cheque may be in the post before its number is entered, and cashed beside the next one."""
    payout = sent(valor, details, ana, ben)
    say_not_sent(payout_id=payout.pk, by=ana, now=LATER)
    hold = PayoutHold.objects.get(reason="voided")

    call(enter(payout.partner, ana), ben)  # which answers another question
    with pytest.raises(NotPayable, match="on hold"):
        retry_payout(payout_id=payout.pk, by=ana, now=LATER)
    with pytest.raises(SamePerson):
        lift_hold(hold_id=hold.pk, by=ana, reason="None is out", now=LATER)
    lift_hold(hold_id=hold.pk, by=ben, reason="None is out", now=LATER)

    assert (books.balance("payable", valor.partner.owner), findings()) == (-4000, [])


def test_no_call_back_answers_for_a_cheque_that_is_said_to_be_back(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = sent(valor, CHEQUE, ana, ben)
    issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)
    record_bank_notice(payout_id=payout.pk, code="R16", account=None, by=ana, now=LATER)

    moved(valor, ana, ben)

    assert PayoutHold.objects.get(lifted_at=None).reason == "voided"


def test_it_is_said_on_the_page(valor: Agreement, ana: User, ben: User, django_assert_max_num_queries: Any) -> None:
    payout = sent(valor, CHEQUE, ana, ben)
    page, client = f"/desk/payouts/{payout.batch_id}/{payout.pk}/", signed_in(ana)
    held(valor, ana, ben)
    with django_assert_max_num_queries(15):
        shown = words(client.get(page))
    assert "is on hold: say below that it did not leave" in shown
    assert "Enter the cheque in the register" not in shown

    client.post(f"/desk/payouts/one/{payout.pk}/not-sent/")

    payout.refresh_from_db()
    assert (payout.state, payout.events.get().word, payout.events.get().by) == ("failed", "not_sent", ana)
    assert "A cheque or payment by hand was voided" in words(
        client.get(f"/desk/destinations/partner/{payout.partner_id}/")
    )
    client.post(f"/desk/payouts/one/{payout.pk}/give-up/")
    assert list(payout.events.values_list("word", flat=True)) == ["not_sent", "given_up"]
