"""ACH files as a bank reads them, and what comes back."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from ledger import queries as books
from partners import bank_numbers
from partners.destination_details import Details
from partners.models import (
    AchEntry,
    AchFile,
    AchOriginator,
    Agreement,
    BankAccount,
    Partner,
    PayoutBatch,
    PayoutDestination,
    PayoutHold,
)
from partners.nacha import Header, Line, TooLong, nacha_file
from partners.operations.approve_batch import approve_batch
from partners.operations.make_ach_file import (
    AlreadyDownloaded,
    FileChanged,
    NoOriginator,
    NothingToWrite,
    download_ach_file,
    make_ach_file,
    make_prenote_file,
)
from partners.operations.propose_batch import propose_batch
from partners.operations.record_bank_notice import NoSuchCode, record_bank_notice
from partners.operations.retry_payout import NotPayable, give_payout_up, retry_payout
from partners.operations.send_batch import send_batch
from partners.operations.settle_payout import settle_payout
from partners.two_people import SamePerson
from people.models import User
from tests.ledger.raw import as_owner
from tests.partners.money import earn
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_destinations import ACCOUNT, ACH, LATER, ROUTING, call, enter
from tests.partners.test_payouts import state_of
from tests.partners.test_transfers import findings

pytestmark = pytest.mark.django_db
__all__ = ["today"]
OURS = {
    "bank_routing": "091000019",
    "bank_name": "Our Bank",
    "origin": "1123456789",
    "origin_name": "Tassel Collective",
    "company_id": "1123456789",
    "company_name": "Tassel",
}
ON = date(2026, 10, 23)


@pytest.fixture
def originator(org: Any) -> AchOriginator:
    return AchOriginator.objects.create(**OURS)


@pytest.fixture
def waiting(valor: Agreement, rehope: Agreement, ana: User, ben: User) -> PayoutBatch:
    """Two ACH payouts, 40.00 and 28.00, sent by Ana and waiting for a file."""
    savings = Details(method="ach", words="Midwest", routing="091000019", account="77-41", account_kind="savings")
    for agreement, details, basis, number in ((valor, ACH, 20000, 1), (rehope, savings, 14000, 2)):
        call(enter(agreement.partner, ana, details), ben)
        earn(agreement, basis, number)
    batch = propose_batch(by=ana, as_of=date(2026, 10, 22), currency="usd", now=LATER)
    approve_batch(batch_id=batch.pk, by=ben, content_hash=batch.content_hash, now=LATER)
    return send_batch(batch_id=batch.pk, by=ana, now=LATER)


def make(batch: PayoutBatch, by: User) -> AchFile:
    return make_ach_file(batch_id=batch.pk, by=by, effective_on=ON, now=LATER)


def test_the_file_as_a_bank_reads_it(waiting: PayoutBatch, originator: AchOriginator, ana: User) -> None:
    file = make(waiting, ana)
    content = download_ach_file(file_id=file.pk, by=ana, now=LATER)

    first, second = waiting.payouts.order_by("pk").values_list("reference", flat=True)
    assert content.decode().split("\r\n") == [
        "101 09100001911234567892610221200A094101OUR BANK               TASSEL COLLECTIVE              ",
        "5220TASSEL                              1123456789CCDPAYOUT    261022261023   1091000010000001",
        f"62212100035{'8'}000123456789     0000004000{first:<15}DAHLIA'S HOPE           0091000010000001",
        f"63209100001{'9'}77-41            0000002800{second:<15}RESTORATION HOUSE KC    0091000010000002",
        "82200000020021200036000000000000000000006800" + "1123456789" + " " * 25 + "091000010000001",
        "9000001000001000000020021200036000000000000000000006800" + " " * 39,
        *["9" * 94] * 4,
        "",
    ]
    assert [record for record in content.decode().split("\r\n")[:-1] if len(record) != 94] == []
    assert sha256(content).hexdigest() == file.sha256


@pytest.mark.parametrize(("lines", "blocks"), [(5, 1), (6, 1), (7, 2), (16, 2), (17, 3)])
def test_blocks_of_ten_are_filled_with_nines(lines: int, blocks: int) -> None:
    wanted = [
        Line(routing="999999992", account="1234", kind="checking", amount_minor=1, reference="R", name="É", sequence=n)
        for n in range(1, lines + 1)
    ]
    records = nacha_file(
        Header(**OURS), wanted, made_at=LATER, modifier="Z", effective_on=ON
    ).decode().splitlines()  # fmt: skip
    assert len(records) == blocks * 10
    control = records[lines + 3]
    assert control[:13] == f"9000001{blocks:06}"
    assert int(control[21:31]) == 99_999_999 * lines % 10**10
    assert "E                     " in records[2]


def test_a_number_that_has_no_place_is_never_cut() -> None:
    line = Line(routing=ROUTING, account="1", kind="checking", amount_minor=10**10, reference="R", name="N", sequence=1)

    with pytest.raises(TooLong):
        nacha_file(Header(**OURS), [line], made_at=LATER, modifier="A", effective_on=ON)


def test_bytes_are_given_out_once_to_who_made_them(
    waiting: PayoutBatch, originator: AchOriginator, ana: User, ben: User
) -> None:
    with pytest.raises(SamePerson):
        make(waiting, ben)
    file = make(waiting, ana)
    with pytest.raises(SamePerson):
        download_ach_file(file_id=file.pk, by=ben, now=LATER)

    assert ACCOUNT.encode() in download_ach_file(file_id=file.pk, by=ana, now=LATER)

    with pytest.raises(AlreadyDownloaded):
        download_ach_file(file_id=file.pk, by=ana, now=LATER)
    with pytest.raises(NothingToWrite):
        make(waiting, ana)
    assert ACCOUNT not in str(AchFile.objects.values().get()) + str(list(AchEntry.objects.values()))


def test_changed_rows_give_out_nothing(waiting: PayoutBatch, originator: AchOriginator, ana: User) -> None:
    file = make(waiting, ana)
    with pytest.raises(IntegrityError), transaction.atomic():
        AchEntry.objects.update(amount_minor=1)
    as_owner("UPDATE partners_achentry SET amount_minor = amount_minor + 1")

    with pytest.raises(FileChanged):
        download_ach_file(file_id=file.pk, by=ana, now=LATER)


def test_swapped_numbers_are_no_file(waiting: PayoutBatch, originator: AchOriginator, ana: User) -> None:
    """Another partner's ciphertext opens too, and the file's hash would be taken after the swap."""
    first, second = PayoutDestination.objects.filter(method="ach", state="active").order_by("pk")
    PayoutDestination.objects.filter(pk=first.pk).update(sealed_numbers=second.sealed_numbers)

    with pytest.raises(FileChanged, match="not those that were called back"):
        make(waiting, ana)

    assert not AchFile.objects.exists()


def test_numbers_swapped_after_the_file_are_not_given_out(
    waiting: PayoutBatch, originator: AchOriginator, ana: User
) -> None:
    file = make(waiting, ana)
    first, second = PayoutDestination.objects.filter(method="ach", state="active").order_by("pk")
    PayoutDestination.objects.filter(pk=second.pk).update(sealed_numbers=first.sealed_numbers)

    with pytest.raises(FileChanged, match="not those that were called back"):
        download_ach_file(file_id=file.pk, by=ana, now=LATER)


def test_numbers_are_known_after_their_key_was_replaced(
    waiting: PayoutBatch, originator: AchOriginator, ana: User, settings: Settings
) -> None:
    settings.FINGERPRINT_KEYS = ["a key of its own", *settings.FINGERPRINT_KEYS]

    assert make(waiting, ana).entries.count() == 2
    fresh = bank_numbers.BankNumbers("091000019", "77-41")
    settings.FINGERPRINT_KEYS = settings.FINGERPRINT_KEYS[:1]
    assert fresh.is_known_as(fresh.fingerprint)
    assert not fresh.is_known_as(PayoutDestination.objects.filter(method="ach").latest("pk").fingerprint)


@pytest.mark.parametrize("on", ["2026-10-21", "2026-10-24", "2026-11-11", "2027-10-22", "0001-01-01", "9999-12-31"])
def test_a_file_is_for_a_bank_day_to_come(
    waiting: PayoutBatch, originator: AchOriginator, ana: User, on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day before, a Saturday, a holiday, a year off, and what nobody means."""
    monkeypatch.setattr("people.clock.now", lambda: LATER)
    client, page = signed_in(ana), f"/desk/payouts/{waiting.pk}/"
    assert 'value="2026-10-23"' in words(client.get(page))

    client.post(f"{page}ach-file/", {"effective_on": on})

    assert "Choose a bank day" in words(client.get(page))
    assert not AchFile.objects.exists()


def test_what_has_no_place_in_a_file_is_said(
    waiting: PayoutBatch, originator: AchOriginator, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(*_: Any, **__: Any) -> bytes:
        raise TooLong("10000000000 needs more than 10 places")

    monkeypatch.setattr("people.clock.now", lambda: LATER)
    monkeypatch.setattr("partners.operations.make_ach_file.nacha_file", too_long)
    client, page = signed_in(ana), f"/desk/payouts/{waiting.pk}/"

    assert client.post(f"{page}ach-file/", {"effective_on": "2026-10-23"}).status_code == 302
    assert "needs more than 10 places" in words(client.get(page))


def test_prenotes_ask_each_account_once(waiting: PayoutBatch, originator: AchOriginator, ana: User) -> None:
    file = make_prenote_file(by=ana, effective_on=ON, now=LATER)
    content = download_ach_file(file_id=file.pk, by=ana, now=LATER).decode().splitlines()

    assert [record[:3] + record[29:39] for record in content[2:4]] == ["6230000000000", "6330000000000"]
    with pytest.raises(NothingToWrite):
        make_prenote_file(by=ana, effective_on=ON, now=LATER)
    answered = LATER + timedelta(days=6)
    second = make_ach_file(batch_id=waiting.pk, by=ana, effective_on=answered.date(), now=answered)
    assert (second.modifier, list(second.entries.values_list("trace", flat=True))) == ("A", [3, 4])


def test_without_an_originator_nothing_is_made(waiting: PayoutBatch, ana: User) -> None:
    with pytest.raises(NoOriginator):
        make(waiting, ana)

    assert set(waiting.payouts.values_list("state", flat=True)) == {"submitting"}


def test_a_return_before_the_bank_line_gives_the_liability_back(
    waiting: PayoutBatch, originator: AchOriginator, ana: User, ben: User, valor: Agreement
) -> None:
    make(waiting, ana)
    payout = waiting.payouts.get(partner=valor.partner)
    with pytest.raises(NoSuchCode):
        record_bank_notice(payout_id=payout.pk, code="X1", account=None, by=ana, now=LATER)

    record_bank_notice(payout_id=payout.pk, code="r03", account=None, by=ana, now=LATER)

    payout.refresh_from_db()
    attempt = payout.attempts.get()
    assert (payout.state, attempt.state, attempt.failure_code) == ("failed", "failed", "R03")
    assert books.balance("payable", valor.partner.owner) == -4000
    with pytest.raises(NotPayable, match="on hold"):
        retry_payout(payout_id=payout.pk, by=ana, now=LATER)
    give_payout_up(payout_id=payout.pk, by=ana, now=LATER)
    assert "On hold: a payment came back" in state_of(valor.partner).why_not
    assert findings() == []


@pytest.mark.usefixtures("originator")
def test_e8_a_settled_payment_comes_back(
    waiting: PayoutBatch, checking: BankAccount, ana: User, rehope: Agreement
) -> None:
    """rules/ledger.md E8: 1010/2110, the partner on hold, and its shares can be proposed again."""
    make(waiting, ana)
    payout = waiting.payouts.select_related("partner").get(partner=rehope.partner)
    settle_payout(payout, on=LATER.date(), at=LATER, bank=f"bank:{checking.pk}", now=LATER)
    assert books.balance("bank", f"bank:{checking.pk}") == -2800

    for _ in range(2):
        record_bank_notice(payout_id=payout.pk, code="R02", account=checking, by=ana, now=LATER)

    payout.refresh_from_db()
    assert (payout.state, payout.returned_on) == ("returned", LATER.date())
    assert books.balance("bank", f"bank:{checking.pk}") == 0
    assert books.balance("payable", rehope.partner.owner) == -2800
    assert PayoutHold.objects.filter(reason="returned", lifted_at=None).count() == 1
    row = state_of(rehope.partner)
    assert (row.eligible_minor, row.why_not[:8]) == (2800, "On hold:")
    assert findings() == []


def test_a_notice_of_change_holds_until_the_new_numbers_are_called_back(
    waiting: PayoutBatch, originator: AchOriginator, ana: User, ben: User, valor: Agreement
) -> None:
    make(waiting, ana)
    payout = waiting.payouts.get(partner=valor.partner)

    record_bank_notice(payout_id=payout.pk, code="C01", account=None, by=ana, now=LATER)

    payout.refresh_from_db()
    earn(valor, 20000, 3)
    assert payout.state == "in_flight"
    assert "other account details" in state_of(valor.partner).why_not
    call(enter(valor.partner, ana), ben)
    assert not PayoutHold.objects.filter(partner=valor.partner, lifted_at=None).exists()


def test_a_file_through_the_pages(
    waiting: PayoutBatch, originator: AchOriginator, ana: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("people.clock.now", lambda: LATER)
    page, client = f"/desk/payouts/{waiting.pk}/", signed_in(ana)
    assert b"Make the ACH file" in client.get(page).content
    assert b"Make the ACH file" not in signed_in(ben).get(page).content

    client.post(f"{page}ach-file/", {"effective_on": "2026-10-23"})
    file = AchFile.objects.get()
    assert b"Fetch the file, once" in client.get(page).content
    fetched = client.post(f"/desk/payouts/ach-files/{file.pk}/")

    assert fetched.headers["Content-Disposition"] == 'attachment; filename="tassel-20261022-A.ach"'
    assert fetched.content.startswith(b"101 091000019")
    assert client.post(f"/desk/payouts/ach-files/{file.pk}/").status_code == 302


def test_partner_names_are_plain_letters(dahlias_hope: Partner) -> None:
    line = Line(
        routing=ROUTING, account="1234", kind="savings", amount_minor=5, reference="é", name="Münze\n", sequence=9
    )

    text = nacha_file(Header(**OURS), [line], made_at=LATER, modifier="A", effective_on=ON).decode()

    assert "MUNZE " in text and text.isascii()
