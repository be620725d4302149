"""A process dies while a file is made or fetched, a cheque entered or voided: every partner is paid once, or owed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from ledger import queries as books
from partners.models import AchEntry, AchFile, AchOriginator, Agreement, BankAccount, Cheque, PayoutAttempt, PayoutBatch
from partners.operations import issue_cheque, make_ach_file
from partners.operations.hold_partner import lift_hold
from partners.operations.record_bank_notice import record_bank_notice
from partners.operations.retry_payout import retry_payout
from people.models import Mail, User
from tests.partners.test_ach import ON, originator, waiting
from tests.partners.test_cheques import CHEQUE, sent
from tests.partners.test_destinations import LATER
from tests.partners.test_transfers import findings
from tests.payments.kill_points import _and_die, _die, killed_at

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["originator", "waiting"]
Points = Mapping[str, list[tuple[Any, str, Callable[..., Any]]]]
FILE_POINTS: Final[Points] = {
    "before the file": [(make_ach_file, "_file", _die)],
    "file not committed": [(make_ach_file, "_file", _and_die(make_ach_file._file))],
    "first payout marked": [(make_ach_file, "mark", _and_die(make_ach_file.mark))],
    "partner told": [(make_ach_file, "tell_of_payout", _and_die(make_ach_file.tell_of_payout))],
    "file committed": [(make_ach_file, "make_ach_file", _and_die(make_ach_file.make_ach_file))],
    "before the bytes": [(make_ach_file, "_check_still_on_their_way", _die)],
    "fetching not committed": [(make_ach_file, "sha256", _and_die(make_ach_file.sha256))],
}
CHEQUE_POINTS: Final[Points] = {
    "before the register": [(issue_cheque, "check_destinations", _die)],
    "register not committed": [(issue_cheque, "mark", _die)],
    "cheque told": [(issue_cheque, "tell_of_payout", _and_die(issue_cheque.tell_of_payout))],
    "cheque committed": [(issue_cheque, "issue_cheque", _and_die(issue_cheque.issue_cheque))],
}
VOID_POINTS: Final[Points] = {
    "before it is void": [(issue_cheque, "fail_attempt", _die)],
    "booked back": [(issue_cheque, "fail_attempt", _and_die(issue_cheque.fail_attempt))],
    "held": [(issue_cheque, "hold_partner", _and_die(issue_cheque.hold_partner))],
}


def make_and_fetch(batch: PayoutBatch, by: User) -> bytes:
    """What a person does again until it is done: the file is made once and fetched once."""
    if not AchFile.objects.exists():
        make_ach_file.make_ach_file(batch_id=batch.pk, by=by, effective_on=ON, now=LATER)
    file = AchFile.objects.get()
    return make_ach_file.download_ach_file(file_id=file.pk, by=by, now=LATER)


@pytest.mark.parametrize("point", FILE_POINTS)
def test_a_file_holds_each_payout_once(waiting: PayoutBatch, originator: AchOriginator, ana: User, point: str) -> None:
    killed_at(point, lambda: make_and_fetch(waiting, ana), FILE_POINTS)

    content = make_and_fetch(waiting, ana).decode()

    assert (AchEntry.objects.count(), content.count("\r\n622"), content.count("\r\n632")) == (2, 1, 1)
    assert list(PayoutAttempt.objects.values_list("number", "state")) == [(1, "in_flight")] * 2
    assert set(books.balances_by_owner("payable").values()) == {0}
    with pytest.raises(make_ach_file.AlreadyDownloaded):
        make_and_fetch(waiting, ana)
    assert findings() == []


def test_a_file_that_was_lost_on_its_way_is_owed_again(
    waiting: PayoutBatch, originator: AchOriginator, valor: Agreement, ana: User, ben: User
) -> None:
    """Fetched, as far as the rows know, and never seen: its payouts go again under new keys (decision 26)."""
    lost = {"answer lost": [(make_ach_file, "download_ach_file", _and_die(make_ach_file.download_ach_file))]}
    killed_at("answer lost", lambda: make_and_fetch(waiting, ana), lost)
    with pytest.raises(make_ach_file.AlreadyDownloaded):
        make_and_fetch(waiting, ana)

    payout = waiting.payouts.get(partner=valor.partner)
    record_bank_notice(payout_id=payout.pk, code="R99", account=None, by=ana, now=LATER)
    lift_hold(hold_id=valor.partner.payout_holds.get(lifted_at=None).pk, by=ben, reason="Lost", now=LATER)
    retry_payout(payout_id=payout.pk, by=ana, now=LATER)
    again = make_ach_file.make_ach_file(batch_id=waiting.pk, by=ana, effective_on=ON, now=LATER)

    assert list(again.entries.values_list("attempt__key", flat=True)) == [f"payout:{payout.pk}:2"]
    assert findings() == []


@pytest.mark.parametrize("point", CHEQUE_POINTS)
def test_a_cheque_is_in_the_register_once(
    valor: Agreement, checking: BankAccount, ana: User, ben: User, point: str
) -> None:
    valor.partner.remittance_email = "office@dahlia.example"
    valor.partner.save()
    payout = sent(valor, CHEQUE, ana, ben)

    def enter() -> None:
        if not Cheque.objects.exists():
            issue_cheque.issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)

    killed_at(point, enter, CHEQUE_POINTS)
    enter()

    assert list(payout.attempts.values_list("state", "cheque__number")) == [("in_flight", 1001)]
    assert Mail.objects.filter(key__endswith="on_its_way").count() == 1
    assert (books.balance("payable", valor.partner.owner), findings()) == (0, [])


@pytest.mark.parametrize("point", VOID_POINTS)
def test_a_cheque_is_void_and_its_partner_held_or_neither(
    valor: Agreement, checking: BankAccount, ana: User, ben: User, point: str
) -> None:
    payout = sent(valor, CHEQUE, ana, ben)
    issue_cheque.issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)

    def void() -> None:
        issue_cheque.void_cheque(payout_id=payout.pk, stale=False, by=ana, now=LATER)

    killed_at(point, void, VOID_POINTS)
    assert not valor.partner.payout_holds.filter(lifted_at=None).exists()
    assert books.balance("payable", valor.partner.owner) == 0
    void()

    assert books.balance("payable", valor.partner.owner) == -4000
    assert list(valor.partner.payout_holds.filter(lifted_at=None).values_list("reason", flat=True)) == ["voided"]
    assert (payout.attempts.get().state, findings()) == ("voided", [])
