"""Lines and payouts in the database: proposed, confirmed, booked, undone; what does not fit is an exception."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from ledger import queries as books
from ledger.models import Entry, ReconciliationException
from partners import bank_checks
from partners import books as books_of_partners
from partners.models import Agreement, BankAccount, BankLine, LearnedRule, Match, MatchItem, PartnerPayout, PayoutHold
from partners.operations.choose_match import DoesNotFit, choose_match, explain_line, name_duplicate, name_entry
from partners.operations.import_statement import import_statement
from partners.operations.match_lines import match_lines
from partners.operations.record_bank_notice import record_bank_notice
from partners.operations.settle_matches import NotProposed, settle_matches
from partners.operations.stop_rule import stop_rule
from partners.operations.undo_match import NotUndoable, undo_match
from people.models import User
from tests.partners.bank.files import ofx
from tests.partners.bank.stripe import paid_out
from tests.partners.conftest import NOW
from tests.partners.money import earn
from tests.partners.test_payouts import sent, statement

pytestmark = pytest.mark.django_db


def books_hold() -> None:
    checks = (*books_of_partners.CHECKS, *bank_checks.CHECKS)
    assert [finding for check in checks for finding in check.find()] == []


def found_exceptions() -> dict[str, tuple[str, int | None]]:
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True).order_by("id")
    return {row.kind: (row.subject, row.amount_minor) for row in rows}


def line(account: BankAccount, amount_minor: int) -> BankLine:
    return account.lines.get(amount_minor=amount_minor)


def balances(*purposes: str) -> list[int]:
    return [sum(books.balances_by_owner(purpose).values()) for purpose in purposes]


# rules/ledger.md case 9


def test_a_stripe_payout_of_8006_matches_a_line_of_8006_by_itself(checking: BankAccount, ana: User) -> None:
    payout = paid_out("po_1", 8006, date(2026, 10, 14))

    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")

    match = Match.objects.get()
    assert (match.kind, match.rule, match.state, match.decided_by) == ("arrived", "amount_date", "confirmed", None)
    assert [item.stripe_payout for item in match.items.filter(side="processor")] == [payout]
    assert balances("bank", "in_transit") == [8006, 0]
    assert found_exceptions() == {}
    books_hold()


@pytest.mark.parametrize("text", ["STRIPE TRANSFER", "STRIPE po_1"])
def test_a_line_of_8005_opens_an_exception_of_a_cent_and_posts_nothing(
    checking: BankAccount, ana: User, text: str
) -> None:
    paid_out("po_1", 8006, date(2026, 10, 14))
    entries = Entry.objects.count()

    statement(checking, ana, f"2026-10-15,{text},80.05")

    assert found_exceptions() == {"bank_amount_differs": (line(checking, 8005).ref, -1)}
    assert not Match.objects.exists()
    assert Entry.objects.count() == entries
    assert balances("bank", "in_transit") == [0, 8006]


def test_a_negative_payout_debits_the_bank(checking: BankAccount, ana: User) -> None:
    paid_out("po_1", -700, date(2026, 10, 14))

    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,-7.00")

    assert balances("bank", "in_transit") == [-700, 0]
    books_hold()


def test_a_payout_that_failed_is_waited_for_no_more(checking: BankAccount, ana: User) -> None:
    paid_out("po_1", 8006, date(2026, 10, 14), status="failed")

    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")

    assert not Match.objects.exists()
    assert list(found_exceptions()) == ["bank_line_unknown"]


def test_what_the_bank_does_not_show_in_five_bank_days_is_named(checking: BankAccount, ana: User) -> None:
    paid_out("po_1", 8006, date(2026, 10, 13))  # the fifth bank day is the 20th
    statement(checking, ana, "2026-10-01,Rent,-9.00")
    assert "payout_not_at_bank" not in found_exceptions()

    match_lines(now=NOW + timedelta(days=1))
    assert found_exceptions()["payout_not_at_bank"] == ("stripe:payout:po_1", 8006)

    statement(checking, ana, "2026-10-20,STRIPE po_1 late,80.06", name="later.csv")
    assert "payout_not_at_bank" not in found_exceptions()


def test_a_payout_that_comes_after_its_line_is_found_by_the_next_run(checking: BankAccount, ana: User) -> None:
    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")
    assert list(found_exceptions()) == ["bank_line_unknown"]
    paid_out("po_1", 8006, date(2026, 10, 14))

    match_lines(now=NOW)

    assert Match.objects.get().state == "confirmed"
    assert found_exceptions() == {}


# Partners


def test_whoever_sent_a_payout_does_not_settle_it_by_importing_the_line(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    earn(valor, 20000)
    payout = sent(ana, ben).payouts.get()

    statement(checking, ana, f"2026-10-20,ACH {payout.reference},-40.00")
    assert Match.objects.get().state == "proposed"


def test_what_another_person_imported_is_settled_by_its_reference(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    earn(valor, 20000)
    batch = sent(ana, ben)

    statement(checking, ben, f"2026-10-20,ACH {batch.payouts.get().reference},-40.00")

    batch.refresh_from_db()
    assert (batch.state, Match.objects.get().decided_by) == ("settled", None)
    books_hold()


def test_one_debit_for_two_partners_settles_both(
    valor: Agreement, rehope: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    earn(valor, 20000, 1)
    earn(rehope, 20000, 2)
    first, second = sent(ana, ben).payouts.order_by("id")

    statement(checking, ben, f"2026-10-20,ACH BATCH {first.reference} {second.reference},-80.00")

    assert set(PartnerPayout.objects.values_list("state", flat=True)) == {"settled"}
    assert balances("bank", "payout_in_flight") == [-8000, 0]
    books_hold()


def settled(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> PartnerPayout:
    earn(valor, 20000)
    payout = sent(ana, ben).payouts.get()
    statement(checking, ben, f"2026-10-19,ACH {payout.reference},-40.00")
    payout.refresh_from_db()
    return payout


def test_a_payment_that_comes_back_is_owed_again_once_a_person_says_so(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = settled(valor, checking, ana, ben)
    statement(checking, ben, f"2026-10-20,ACH RETURN R03 {payout.reference},40.00", name="back.csv")

    match = Match.objects.get(kind="returned")
    assert match.state == "proposed"
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)

    payout.refresh_from_db()
    assert (payout.state, payout.attempts.get().state) == ("returned", "returned")
    assert PayoutHold.objects.get(reason="returned").placed_by == ben
    assert balances("bank", "payable") == [0, -4000]
    books_hold()
    with pytest.raises(NotUndoable):
        undo_match(match_id=match.pk, by=ben, now=NOW)


def test_a_return_entered_from_the_banks_notice_finds_its_line_and_is_booked_once(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = settled(valor, checking, ana, ben)
    record_bank_notice(payout_id=payout.pk, code="R03", account=checking, by=ben, now=NOW)
    assert [item.ref for item in bank_checks.returns_on_the_way()] == [payout.reference]
    books_hold()

    statement(checking, ben, f"2026-10-20,ACH RETURN R03 {payout.reference},40.00", name="back.csv")
    settle_matches(match_ids=[Match.objects.get(kind="returned").pk], by=ben, now=NOW)

    assert Entry.objects.filter(kind="payout_returned").count() == 1
    assert balances("bank", "payable") == [0, -4000]
    assert bank_checks.returns_on_the_way() == []
    books_hold()


def test_what_came_back_is_confirmed_by_a_person_even_where_the_rule_is_certain(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = settled(valor, checking, ana, ben)
    statement(checking, ben, f"2026-10-20,ACH RETURN R03 {payout.reference},40.00", name="back.csv")
    match = Match.objects.get(kind="returned")
    Match.objects.filter(pk=match.pk).update(is_certain=True)

    with pytest.raises(NotProposed):
        settle_matches(match_ids=[match.pk], by=None, now=NOW)


def test_a_return_of_nobody_knows_what_is_an_exception(checking: BankAccount, ana: User) -> None:
    statement(checking, ana, "2026-10-20,ACH RETURN R03 TP00099N009,40.00")

    assert list(found_exceptions()) == ["partner_return_unmatched"]


def test_undoing_a_settled_payout_books_it_back_and_it_can_settle_again(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = settled(valor, checking, ana, ben)
    before = Entry.objects.count()

    undo_match(match_id=Match.objects.get().pk, by=ben, now=NOW, reason="Another partner's")

    payout.refresh_from_db()
    assert (payout.state, payout.batch.state, payout.settled_on) == ("in_flight", "sent", None)
    assert balances("bank", "payout_in_flight") == [0, -4000]
    assert Entry.objects.count() == before + 1
    assert [event.word for event in Match.objects.get().events.all()] == ["proposed", "confirmed", "undone"]
    books_hold()
    again = choose_match(line_ids=[line(checking, -4000).pk], payout_ids=[payout.pk], by=ben, now=NOW)
    settle_matches(match_ids=[again.pk], by=ben, now=NOW)
    assert balances("bank", "payout_in_flight") == [-4000, 0]
    keys = Entry.objects.filter(kind="payout_settled").order_by("id").values_list("idempotency_key", flat=True)
    assert list(keys) == [f"{payout.ref}:settled:1", f"{payout.ref}:settled:1:2"]
    payout.refresh_from_db()
    assert (payout.state, payout.batch.state, payout.attempts.get().state) == ("settled", "settled", "settled")
    books_hold()
    undo_match(match_id=again.pk, by=ben, now=NOW)
    assert balances("bank", "payout_in_flight") == [0, -4000]
    books_hold()


def test_an_attempt_goes_back_on_its_way_only_once_the_books_say_so(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    attempt = settled(valor, checking, ana, ben).attempts.get()

    with pytest.raises(IntegrityError, match="book that back first"), transaction.atomic():
        type(attempt).objects.update(state="in_flight", settled_entry=None, ended_at=None)


def test_a_settling_that_was_taken_back_and_still_stands_on_its_attempt_is_named(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = settled(valor, checking, ana, ben)
    entry = Entry.objects.get(kind="payout_settled")
    undo_match(match_id=Match.objects.get().pk, by=ben, now=NOW)
    back = Entry.objects.get(kind="payout_unsettled")
    payout.attempts.update(state="settled", settled_entry=entry, ended_at=NOW)

    assert f"entry {back.pk} ({entry.idempotency_key}:undone) belongs to no attempt of a payout" in list(
        books_of_partners.payouts_booked()
    )


# What a person says


def test_undoing_a_match_of_stripes_reverses_its_entry_and_it_is_not_proposed_again(
    checking: BankAccount, ana: User
) -> None:
    paid_out("po_1", 8006, date(2026, 10, 14))
    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")

    undone = undo_match(match_id=Match.objects.get().pk, by=ana, now=NOW)
    match_lines(now=NOW)

    entry = Entry.objects.get(kind="bank_line_undone")
    assert (undone.state, entry.reverses.kind if entry.reverses else "") == ("undone", "bank_line")
    assert balances("bank", "in_transit") == [0, 8006]
    assert Match.objects.count() == 1
    books_hold()
    with pytest.raises(NotUndoable):
        undo_match(match_id=undone.pk, by=ana, now=NOW)


def test_a_fee_is_split_off_a_line(checking: BankAccount, ana: User) -> None:
    payout = paid_out("po_1", 8006, date(2026, 10, 14))
    statement(checking, ana, "2026-10-15,WIRE LESS FEE,65.06")
    wire = line(checking, 6506)
    with pytest.raises(DoesNotFit):
        choose_match(line_ids=[wire.pk], stripe_payout_ids=[payout.pk], by=ana, now=NOW)

    match = choose_match(line_ids=[wire.pk], stripe_payout_ids=[payout.pk], rest_purpose="bank_fees", by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ana, now=NOW)

    assert balances("bank", "in_transit", "bank_fees") == [6506, 0, 1500]
    books_hold()


def test_several_lines_are_one_payout(checking: BankAccount, ana: User) -> None:
    payout = paid_out("po_1", 8006, date(2026, 10, 1))
    statement(checking, ana, "2026-10-15,PART A,80.00", "2026-10-16,PART B,0.06")

    lines = list(checking.lines.values_list("pk", flat=True))
    match = choose_match(line_ids=lines, stripe_payout_ids=[payout.pk], by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ana, now=NOW)

    assert balances("bank", "in_transit") == [8006, 0]
    assert match.entries.count() == 2
    books_hold()


def test_a_fee_is_learned_proposed_again_and_stopped(checking: BankAccount, ana: User) -> None:
    statement(checking, ana, "2026-09-30,Monthly fee 09/2026,-12.00")
    match = explain_line(line_id=line(checking, -1200).pk, purpose="bank_fees", always=True, by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ana, now=NOW)

    statement(
        checking, ana, "2026-10-19,MONTHLY FEE 10/2026,-13.00", "2026-10-19,Monthly fee 10/2026,9.00", name="b.csv"
    )
    proposed = Match.objects.get(rule="learned")
    assert (proposed.state, proposed.items.get(side="ledger").purpose) == ("proposed", "bank_fees")
    assert balances("bank_fees") == [1200]

    stop_rule(rule_id=LearnedRule.objects.get().pk, by=ana, now=NOW)
    statement(checking, ana, "2026-10-20,Monthly fee 11/2026,-14.00", name="c.csv")
    assert Match.objects.filter(rule="learned").count() == 1
    with pytest.raises(DoesNotFit):
        explain_line(line_id=line(checking, -1400).pk, purpose="net_assets", by=ana, now=NOW)


def test_a_line_that_two_people_booked_by_hand_posts_nothing(checking: BankAccount, ana: User, ben: User) -> None:
    from ledger.builders import manual  # the entry as two people's approval posts it
    from ledger.drafts import AccountRef, PostingDraft
    from ledger.operations.post_entry import post_entry

    with transaction.atomic():
        post_entry(
            manual(
                manual_ref="manual:1", reason="correction", source="manual:1", event_at=NOW,
                effective_on=date(2026, 10, 19), currency="usd",
                postings=[PostingDraft(AccountRef("write_off"), AccountRef("bank", checking.ref), 90000)],
            ),
            now=NOW,
        )  # fmt: skip
    statement(checking, ana, "2026-10-19,Rent,-900.00", "2026-10-19,Other,-901.00")

    with pytest.raises(DoesNotFit):
        name_entry(line_id=line(checking, -90100).pk, entry_key="manual:1", by=ana, now=NOW)
    match = name_entry(line_id=line(checking, -90000).pk, entry_key="manual:1", by=ana, now=NOW)
    entries = Entry.objects.count()
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)

    assert Entry.objects.count() == entries
    books_hold()


def test_a_duplicate_counts_for_nothing(checking: BankAccount, ana: User, ben: User) -> None:
    paid_out("po_1", 8006, date(2026, 10, 14))
    twice = ("20261015", "80.06", "A1", "STRIPE TRANSFER")
    import_statement(account=checking, file_name="a.ofx", content=ofx(twice, twice), by=ana, now=NOW)

    # The one that is not doubtful is the payout; the other waits for a person, and is no rival.
    assert Match.objects.get().state == "confirmed"
    assert list(found_exceptions()) == ["bank_line_duplicate"]
    other = BankLine.objects.exclude(match_items__isnull=False).get()
    match = name_duplicate(line_id=other.pk, of_line_id=BankLine.objects.exclude(pk=other.pk).get().pk, by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)
    match_lines(now=NOW)

    assert balances("bank") == [8006]
    assert found_exceptions() == {}
    books_hold()


def test_nothing_is_in_two_matches(checking: BankAccount, ana: User) -> None:
    payout = paid_out("po_1", 8006, date(2026, 10, 14))
    statement(checking, ana, "2026-10-15,Some,80.06", "2026-10-15,Other,80.06")

    assert not Match.objects.exists()
    first, second = checking.lines.order_by("id")
    choose_match(line_ids=[first.pk], stripe_payout_ids=[payout.pk], by=ana, now=NOW)
    for lines in ([first.pk], [second.pk]):
        with pytest.raises(DoesNotFit):
            choose_match(line_ids=lines, stripe_payout_ids=[payout.pk], by=ana, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        MatchItem.objects.create(match=Match.objects.get(), side="bank", line=first, amount_minor=8006)


def test_only_what_is_certain_is_confirmed_by_nobody(checking: BankAccount, ana: User) -> None:
    payout = paid_out("po_1", 8006, date(2026, 10, 1))
    statement(checking, ana, "2026-10-15,Other,80.06")
    match = choose_match(line_ids=[line(checking, 8006).pk], stripe_payout_ids=[payout.pk], by=ana, now=NOW)

    with pytest.raises(NotProposed):
        settle_matches(match_ids=[match.pk], by=None, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Match.objects.filter(pk=match.pk).update(state="confirmed", decided_at=NOW)


def test_history_is_only_added_to(checking: BankAccount, ana: User) -> None:
    paid_out("po_1", 8006, date(2026, 10, 14))
    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")
    match = Match.objects.get()

    for rows in (match.events, match.entries):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(match=match)
    for row in (match, match.items.first()):
        with pytest.raises(IntegrityError), transaction.atomic():
            type(row).objects.filter(pk=row.pk)._raw_delete("default")  # type: ignore[union-attr]
