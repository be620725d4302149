"""Two people see each step by which money can leave the books unseen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.builders import opening_reversed
from ledger.drafts import AccountRef
from ledger.operations.post_entry import post_entry
from partners.bank.confirmers import ALONE_MINOR, hands_on
from partners.models import AchOriginator, Agreement, BankAccount, LearnedRule, Match, PartnerPayout
from partners.operations.accept_statement import accept_statement
from partners.operations.choose_match import DoesNotFit, choose_match, explain_line, name_duplicate, name_entry
from partners.operations.confirm_sent_by_hand import confirm_sent_by_hand
from partners.operations.import_statement import import_statement
from partners.operations.issue_cheque import issue_cheque
from partners.operations.make_ach_file import make_ach_file
from partners.operations.settle_matches import Overtaken, settle_matches
from partners.operations.undo_match import undo_match
from partners.operations.upload_statement import upload_statement
from partners.operations.work_statements import work_through
from partners.two_people import SamePerson
from people.models import User
from tests.ledger.raw import as_owner
from tests.partners.bank.by_hand import opened_with
from tests.partners.bank.stripe import paid_out
from tests.partners.bank.test_matches import balances, line
from tests.partners.conftest import NOW, person
from tests.partners.money import earn
from tests.partners.test_ach import OURS
from tests.partners.test_cheques import BY_HAND, CHEQUE
from tests.partners.test_cheques import sent as sent_as
from tests.partners.test_destinations import ACH, LATER
from tests.partners.test_payouts import sent, statement

pytestmark = pytest.mark.django_db


def explained(account: BankAccount, amount_minor: int, by: User, *, always: bool = False) -> Match:
    row = line(account, amount_minor)
    return explain_line(line_id=row.pk, purpose="bank_fees", always=always, by=by, now=NOW)


def test_a_large_fee_is_confirmed_by_another_person(checking: BankAccount, ana: User, ben: User) -> None:
    statement(checking, ana, "2026-10-15,Wire,-50000.00", "2026-10-16,Wire,-50.00")
    large, small = explained(checking, -5_000_000, ana), explained(checking, -ALONE_MINOR, ana)

    with pytest.raises(SamePerson):
        settle_matches(match_ids=[large.pk], by=ana, now=NOW)
    assert balances("bank_fees") == [0]
    settle_matches(match_ids=[small.pk], by=ana, now=NOW)
    settle_matches(match_ids=[large.pk], by=ben, now=NOW)
    assert balances("bank_fees") == [5_000_000 + ALONE_MINOR]


def test_many_small_fees_of_a_month_are_no_way_round_it(checking: BankAccount, ana: User, ben: User) -> None:
    statement(checking, ana, "2026-09-30,A,-30.00", "2026-10-15,B,-20.00", "2026-10-16,C,-30.01", "2026-10-16,D,40.00")
    a, b, c = (explained(checking, amount, ana) for amount in (-3000, -2000, -3001))
    d = explain_line(line_id=line(checking, 4000).pk, purpose="interest", by=ana, now=NOW)

    settle_matches(match_ids=[a.pk, b.pk], by=ana, now=NOW)  # in two months
    for match in (c, d):
        with pytest.raises(SamePerson):
            settle_matches(match_ids=[match.pk], by=ana, now=NOW)
    settle_matches(match_ids=[d.pk], by=ben, now=NOW)  # and what two people saw takes nothing of the limit
    undo_match(match_id=b.pk, by=ana, now=NOW)
    settle_matches(match_ids=[c.pk], by=ana, now=NOW)


def test_the_rest_of_a_payout_is_no_fee_of_ten_thousand_by_one_person(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    earn(valor, 20000)
    payout = sent(ana, ben).payouts.get()
    statement(checking, ana, "2026-10-20,Wire,-10000.00")
    carla = person("carla@tassel.example", "finance preparer")
    wire = line(checking, -1_000_000).pk
    match = choose_match(line_ids=[wire], payout_ids=[payout.pk], rest_purpose="bank_fees", by=carla, now=NOW)

    with pytest.raises(SamePerson):
        settle_matches(match_ids=[match.pk], by=carla, now=NOW)


def test_who_taught_what_lines_are_does_not_confirm_them(checking: BankAccount, ana: User, ben: User) -> None:
    statement(checking, ana, "2026-09-30,Monthly fee 09/2026,-12.00")
    settle_matches(match_ids=[explained(checking, -1200, ana, always=True).pk], by=ana, now=NOW)
    statement(checking, ana, "2026-10-19,Monthly fee 10/2026,-13.00", name="b.csv")
    learned = Match.objects.get(rule="learned")

    with pytest.raises(SamePerson):
        settle_matches(match_ids=[learned.pk], by=ana, now=NOW)
    LearnedRule.objects.update(stopped_by=ben, stopped_at=NOW)  # stopping it makes nobody another person
    with pytest.raises(SamePerson):
        settle_matches(match_ids=[learned.pk], by=ana, now=NOW)
    settle_matches(match_ids=[learned.pk], by=ben, now=NOW)


def test_another_persons_press_of_accept_makes_no_line_of_ones_own_certain(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    """The sender wrote the file; that somebody else had it imported says nothing of what is in it."""
    earn(valor, 20000)
    payout = sent(ana, ben).payouts.get()
    content = f"Date,Description,Amount\n2026-10-20,ACH {payout.reference},-40.00\n".encode()
    file = upload_statement(account=checking, file_name="a.csv", content=content, by=ana, now=NOW)
    work_through(file_id=file.pk, now=NOW)
    accept_statement(file_id=file.pk, by=ben, now=NOW)
    work_through(file_id=file.pk, now=NOW)

    assert (Match.objects.get().state, Match.objects.get().is_certain) == ("proposed", False)


# Duplicates


def test_a_duplicate_is_confirmed_by_another_person(checking: BankAccount, ana: User, ben: User) -> None:
    statement(checking, ana, "2026-10-15,Cash,-9.00", "2026-10-16,Cash,-9.00")
    first, second = checking.lines.order_by("id")
    match = name_duplicate(line_id=second.pk, of_line_id=first.pk, by=ana, now=NOW)

    with pytest.raises(SamePerson):
        settle_matches(match_ids=[match.pk], by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)


def test_two_lines_are_not_duplicates_of_each_other(checking: BankAccount, ana: User, ben: User) -> None:
    statement(checking, ana, "2026-10-15,Cash,-9.00", "2026-10-16,Cash,-9.00", "2026-10-17,Cash,-9.00")
    a, b, c = checking.lines.order_by("id").values_list("pk", flat=True)
    match = name_duplicate(line_id=a, of_line_id=b, by=ana, now=NOW)

    for this, that in ((b, a), (b, c), (c, a)):  # back, the counted one, and of one that counts for nothing
        with pytest.raises(DoesNotFit):
            name_duplicate(line_id=this, of_line_id=that, by=ben, now=NOW)
    name_duplicate(line_id=c, of_line_id=b, by=ben, now=NOW)
    undo_match(match_id=match.pk, by=ana, now=NOW)
    name_duplicate(line_id=a, of_line_id=b, by=ben, now=NOW)


# Whoever had it leave


def at_the_bank(payout: PartnerPayout, account: BankAccount, by: User) -> Match:
    content = f"Date,Description,Amount\n2026-10-22,{payout.reference},-40.00\n".encode()
    import_statement(account=account, file_name="a.csv", content=content, by=by, now=LATER)
    return Match.objects.get()


def test_who_issued_a_cheque_does_not_confirm_that_it_was_cashed(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    carla = person("carla@tassel.example", "finance preparer")
    payout = sent_as(valor, CHEQUE, ana, ben)
    issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=carla, now=LATER)
    match = at_the_bank(payout, checking, carla)

    assert hands_on([payout.pk]) == {payout.pk: {ana.pk, carla.pk}}
    assert (match.state, match.is_certain) == ("proposed", False)
    for one in (ana, carla):
        with pytest.raises(SamePerson):
            settle_matches(match_ids=[match.pk], by=one, now=LATER)
    settle_matches(match_ids=[match.pk], by=ben, now=LATER)


def test_who_showed_that_it_went_by_hand_does_not_confirm_that_it_arrived(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    carla = person("carla@tassel.example", "finance preparer")
    payout = sent_as(valor, BY_HAND, ana, ben)
    proof = {"reason": "Wire", "name": "wire.pdf", "content": b"%PDF wire"}
    confirm_sent_by_hand(payout_id=payout.pk, **proof, by=carla, now=LATER)  # type: ignore[arg-type]
    match = at_the_bank(payout, checking, carla)

    assert match.state == "proposed"
    with pytest.raises(SamePerson):
        settle_matches(match_ids=[match.pk], by=carla, now=LATER)


def test_who_made_the_banks_file_is_one_of_those_who_had_it_leave(
    valor: Agreement, ana: User, ben: User, django_assert_num_queries: Any
) -> None:
    payout = sent_as(valor, ACH, ana, ben)
    AchOriginator.objects.create(**OURS)
    make_ach_file(batch_id=payout.batch_id, by=ana, effective_on=date(2026, 10, 23), now=LATER)
    as_owner("UPDATE partners_achfile SET made_by_id = %s", ben.pk)

    with django_assert_num_queries(1):
        assert hands_on([payout.pk]) == {payout.pk: {ana.pk, ben.pk}}


# What it is said to be has to stand


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_payout_of_stripes_that_brings_nothing_is_no_line(checking: BankAccount, ana: User, status: str) -> None:
    payout = paid_out("po_1", 8006, date(2026, 10, 1), status=status)
    statement(checking, ana, "2026-10-15,Other,80.06")

    with pytest.raises(DoesNotFit):
        choose_match(line_ids=[line(checking, 8006).pk], stripe_payout_ids=[payout.pk], by=ana, now=NOW)


def test_a_payout_that_fails_while_its_match_waits_is_not_confirmed(
    checking: BankAccount, ana: User, ben: User
) -> None:
    payout = paid_out("po_1", 8006, date(2026, 10, 1))
    statement(checking, ana, "2026-10-15,Other,80.06")
    match = choose_match(line_ids=[line(checking, 8006).pk], stripe_payout_ids=[payout.pk], by=ana, now=NOW)
    type(payout).objects.update(status="failed")

    with pytest.raises(Overtaken):
        settle_matches(match_ids=[match.pk], by=ben, now=NOW)


def test_an_entry_that_was_taken_back_is_no_line(checking: BankAccount, ana: User, ben: User) -> None:
    opened_with(checking, 90000)
    statement(checking, ana, "2026-10-15,In,900.00", "2026-10-16,Out,-900.00")
    match = name_entry(line_id=line(checking, 90000).pk, entry_key="opening:1:usd", by=ana, now=NOW)
    post_entry(
        opening_reversed(
            opening_ref="opening:1:usd", balances={AccountRef("bank", checking.ref): 90000}, source="opening:1",
            event_at=NOW, effective_on=date(2026, 9, 30), currency="usd",
        ),
        now=NOW,
    )  # fmt: skip

    with pytest.raises(Overtaken):
        settle_matches(match_ids=[match.pk], by=ben, now=NOW)
    undo_match(match_id=match.pk, by=ben, now=NOW)
    for amount, key in ((90000, "opening:1:usd"), (-90000, "opening:1:usd:reversed")):
        with pytest.raises(DoesNotFit):
            name_entry(line_id=line(checking, amount).pk, entry_key=key, by=ana, now=NOW)
