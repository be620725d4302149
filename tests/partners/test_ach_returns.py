"""A bank's file of ACH returns: a verdict for each entry, all or nothing, once, matched by trace number."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ledger import queries as books
from partners.ach_returns import NotReadable, read_returns
from partners.models import AchOriginator, AchReturnFile, AchReturnRow, Agreement, BankAccount, PayoutBatch, PayoutHold
from partners.operations.check_returns import AlreadyImported, OtherAccount, check_returns
from partners.operations.import_returns import NotImportable, Outcome, drop_returns, import_returns
from partners.operations.make_ach_file import make_prenote_file
from partners.operations.record_bank_notice import record_bank_notice
from partners.operations.settle_payout import settle_payout
from people import desk
from people.models import User
from tests.partners.return_files import entry, file_of
from tests.partners.test_ach import ON, make, originator, waiting
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_destinations import LATER, call, enter
from tests.partners.test_races import at_once
from tests.partners.test_transfers import findings

pytestmark = pytest.mark.django_db
__all__ = ["originator", "today", "waiting"]
FIRST, SECOND = "091000010000001", "091000010000002"  # 40.00 to Dahlia's Hope, 28.00 to Restoration House
RETURN = entry(FIRST, 4000, "R03")
CHANGE = entry(SECOND, 0, "C01", "000999990042")


@pytest.fixture
def sent(waiting: PayoutBatch, originator: AchOriginator, ana: User) -> PayoutBatch:
    make(waiting, ana)
    return waiting


def check(account: BankAccount, by: User, content: bytes) -> AchReturnFile:
    return check_returns(account=account, file_name="returns.ach", content=content, by=by, now=LATER)


def said(file: AchReturnFile) -> list[tuple[str, str]]:
    return list(file.rows.values_list("verdict", "problem"))


def test_a_file_as_a_bank_writes_it() -> None:
    first, second = read_returns(file_of(RETURN, CHANGE))

    assert (first.trace, first.code, first.amount_minor, first.last4) == (FIRST, "R03", 4000, "")
    assert (second.trace, second.code, second.amount_minor, second.last4) == (SECOND, "C01", 0, "0042")
    assert read_returns(file_of(RETURN).replace(b"\r\n", b"")) == [first], "some banks write no line ends"
    assert read_returns(file_of(RETURN).replace(b"\r\n", b"\n")) == [first]


@pytest.mark.parametrize(
    ("code", "corrected", "last4"),
    [
        ("C01", "12345678901234567", "4567"),
        ("C02", "121000358", ""),
        ("C03", "121000358   77-41", "7-41"),
        ("C06", "000123456789        32", "6789"),
        ("C07", "121000358000012345678901232", "0123"),
    ],
)
def test_only_the_last_four_of_a_corrected_number_are_read(code: str, corrected: str, last4: str) -> None:
    (row,) = read_returns(file_of(entry(FIRST, 0, code, corrected)))

    assert row.last4 == last4


WHOLE = file_of(RETURN, CHANGE)
LINES = WHOLE.decode().splitlines()


def lines(*changed: str) -> bytes:
    return "\n".join(changed).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Line 1: this is no NACHA file"),
        (b"Date,Description,Amount\n2026-10-20,x,1.00\n", "Line 1: this is no NACHA file"),
        ("é".encode() * 94, "characters that a NACHA file cannot have"),
        (WHOLE + b"x" * 2_000_001, "larger than 2 MB"),
        (lines(*LINES[:5]), "ends in the middle"),
        (lines(*LINES[:2], *LINES[3:]), "Line 3: a record of kind '7' cannot stand here"),
        (lines(*LINES[:3], *LINES[4:]), "Line 4: an entry without its addenda"),
        (lines(*LINES[:4], *LINES[6:]), "Line 5: the batch states entries of 4, and they are 2"),
        (lines(*LINES[:6], *LINES[7:]), "cannot stand here"),
        (lines(*LINES[:8], "9" * 94, "1" * 94), "Line 10: nothing but filling"),
        (lines(LINES[0] + "x"), "Line 1: a record has 94 characters, this one 95"),
        (WHOLE.replace(b"R03", b"X03"), "'X03' is no code of a return"),
        (WHOLE.replace(b"799R03", b"705R03"), "addenda of type '05'"),
        (WHOLE.replace(FIRST.encode(), b"09100001000000A"), "trace number '09100001000000A' is no number"),
        (WHOLE.replace(b"0000004000TP", b"0000004001TP"), "the batch states credits of 4000, and they are 4001"),
        (file_of(RETURN, file_control="9000002" + LINES[7][7:13] + "00000002" + LINES[7][21:]), "the file states"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(
    checking: BankAccount, ana: User, content: bytes, why: str
) -> None:
    with pytest.raises(NotReadable, match=why):
        check(checking, ana, content)

    assert not AchReturnFile.objects.exists()


def test_each_entry_has_a_verdict_and_nothing_is_done(sent: PayoutBatch, checking: BankAccount, ana: User) -> None:
    file = check(
        checking, ana, file_of(RETURN, CHANGE, entry("091000010000009", 100, "R01"), entry(FIRST, 4000, "R01"))
    )

    assert said(file) == [
        ("returned", ""),
        ("change", ""),
        ("refused", "No entry of ours has this trace number."),
        ("refused", "This trace number stands in the file twice."),
    ]
    with pytest.raises(NotImportable, match="2 entries fit nothing of ours"):
        import_returns(file_id=file.pk, by=ana, now=LATER)
    assert set(sent.payouts.values_list("state", flat=True)) == {"in_flight"}
    assert not PayoutHold.objects.filter(lifted_at=None).exists()


def test_another_amount_is_refused(sent: PayoutBatch, checking: BankAccount, ana: User) -> None:
    file = check(checking, ana, file_of(entry(FIRST, 4001, "R03")))

    assert said(file) == [("refused", "We sent $40.00, and $40.01 is to have come back.")]


def test_returns_are_owed_again_and_changes_hold_the_partner(
    sent: PayoutBatch, checking: BankAccount, ana: User, valor: Agreement, rehope: Agreement
) -> None:
    ben = User.objects.get(name="Ben")
    file = check(checking, ana, file_of(RETURN, CHANGE))

    assert import_returns(file_id=file.pk, by=ana, now=LATER) == Outcome.IMPORTED

    back = sent.payouts.get(partner=valor.partner)
    assert (back.state, back.attempts.get().failure_code) == ("failed", "R03")
    assert books.balance("payable", valor.partner.owner) == -4000
    holds = dict(PayoutHold.objects.filter(lifted_at=None).values_list("partner", "reason"))
    assert holds == {valor.partner_id: "returned", rehope.partner_id: "notice"}
    titles = [task.title for task in desk.tasks({"finance preparer"}, LATER)]
    assert "Enter the changed bank details of Restoration House KC" in titles
    call(enter(rehope.partner, ana), ben)
    assert not PayoutHold.objects.filter(lifted_at=None, partner=rehope.partner).exists()
    assert findings() == []


def test_what_had_left_comes_back_into_the_account(
    sent: PayoutBatch, checking: BankAccount, ana: User, valor: Agreement
) -> None:
    payout = sent.payouts.select_related("partner").get(partner=valor.partner)
    settle_payout(payout, on=LATER.date(), at=LATER, bank=checking.ref, now=LATER)

    import_returns(file_id=check(checking, ana, file_of(RETURN)).pk, by=ana, now=LATER)

    payout.refresh_from_db()
    assert (payout.state, books.balance("bank", checking.ref)) == ("returned", 0)


def test_the_same_file_twice_is_refused_and_the_same_news_is_known(
    sent: PayoutBatch, checking: BankAccount, ana: User
) -> None:
    content = file_of(RETURN, CHANGE)
    file = check(checking, ana, content)
    assert check(checking, ana, content) == file
    import_returns(file_id=file.pk, by=ana, now=LATER)

    with pytest.raises(AlreadyImported):
        check(checking, ana, content)
    with pytest.raises(NotImportable, match="does not wait any more: taken in"):
        import_returns(file_id=file.pk, by=ana, now=LATER)
    again = check(checking, ana, file_of(CHANGE, RETURN))
    assert said(again) == [("known", "C01 was recorded before."), ("known", "Recorded before as R03.")]
    assert import_returns(file_id=again.pk, by=ana, now=LATER) == Outcome.IMPORTED
    assert PayoutHold.objects.filter(lifted_at=None).count() == 2


def test_the_same_file_for_another_account_is_refused(sent: PayoutBatch, checking: BankAccount, ana: User) -> None:
    other = BankAccount.objects.create(name="Savings", currency="usd", last4="0002")
    file = check(checking, ana, file_of(RETURN))

    with pytest.raises(OtherAccount, match="This file waits already, for"):
        check(other, ana, file_of(RETURN))

    drop_returns(file_id=file.pk, by=ana, now=LATER)
    assert check(other, ana, file_of(RETURN)).account == other


@pytest.mark.django_db(transaction=True)
def test_the_same_file_twice_at_once_is_one(sent: PayoutBatch, checking: BankAccount, ana: User) -> None:
    content = file_of(RETURN)

    results = at_once(*[lambda: check(checking, ana, content)] * 6)

    file = AchReturnFile.objects.get()
    assert set(results) == {file} and file.rows.count() == 1


def test_what_happened_since_the_check_is_read_again_first(
    sent: PayoutBatch, checking: BankAccount, ana: User, valor: Agreement
) -> None:
    file = check(checking, ana, file_of(RETURN, CHANGE))
    payout = sent.payouts.get(partner=valor.partner)
    record_bank_notice(payout_id=payout.pk, code="R03", account=None, by=ana, now=LATER)

    assert import_returns(file_id=file.pk, by=ana, now=LATER) == Outcome.OVERTAKEN

    assert [word for word, _ in said(file)] == ["known", "change"]
    assert not PayoutHold.objects.filter(reason="notice").exists()
    assert import_returns(file_id=file.pk, by=ana, now=LATER) == Outcome.IMPORTED


def test_a_refused_prenote_holds_the_partner(
    waiting: PayoutBatch, originator: AchOriginator, checking: BankAccount, ana: User, valor: Agreement
) -> None:
    make_prenote_file(by=ana, effective_on=ON, now=LATER)
    file = check(checking, ana, file_of(entry(FIRST, 0, "R03")))

    import_returns(file_id=file.pk, by=ana, now=LATER)

    hold = PayoutHold.objects.get(lifted_at=None)
    assert (hold.partner, hold.reason) == (valor.partner, "notice")
    assert set(waiting.payouts.values_list("state", flat=True)) == {"submitting"}


def test_a_dropped_file_did_nothing_and_may_come_again(sent: PayoutBatch, checking: BankAccount, ana: User) -> None:
    file = check(checking, ana, file_of(RETURN))

    drop_returns(file_id=file.pk, by=ana, now=LATER)

    with pytest.raises(NotImportable):
        import_returns(file_id=file.pk, by=ana, now=LATER)
    assert check(checking, ana, file_of(RETURN)) != file


def test_a_file_through_the_pages(
    sent: PayoutBatch,
    checking: BankAccount,
    ana: User,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr("people.clock.now", lambda: LATER)
    client, desk_page = signed_in(ana), "/desk/payouts/ach-returns/"
    bad = client.post(f"{desk_page}upload/", {"account": checking.pk, "file": SimpleUploadedFile("x.ach", b"1" * 50)})
    assert bad.status_code == 400 and "ends in the middle" in words(bad)

    good = SimpleUploadedFile("returns.ach", file_of(RETURN, CHANGE))
    shown = client.post(f"{desk_page}upload/", {"account": checking.pk, "file": good}, follow=True)
    ours = sent.payouts.values_list("reference", flat=True)
    for text in ("Came back: 1; Wants other details: 1", FIRST, "account ending 0042", *ours):
        assert text in words(shown)
    assert "000999990042" not in words(shown) + str(list(AchReturnRow.objects.values()))
    page = f"{desk_page}{AchReturnFile.objects.get().pk}/"
    for path in (desk_page, page):
        with django_assert_max_num_queries(15):
            assert client.get(path).status_code == 200

    done = client.post(f"{page}import/", follow=True)
    assert "Taken in. What came back is owed again" in words(done)
    assert "no longer" not in words(done) and "Take in all of it" not in words(done)
