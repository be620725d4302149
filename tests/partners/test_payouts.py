from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from ledger import queries as books
from ledger.models import Seal
from ledger.operations.seal_entries import ContentMismatch, seal_all
from partners import bank_checks
from partners import books as books_of_partners
from partners.models import Agreement, BankAccount, Match, Partner, PartnerPayout, PayoutBatch, PayoutItem, PayoutPolicy
from partners.operations.approve_batch import ContentChanged, NotWaiting, approve_batch
from partners.operations.choose_match import DoesNotFit, choose_match
from partners.operations.edit_batch import NotEditable, take_out_payout
from partners.operations.fail_attempt import fail_attempt
from partners.operations.import_statement import import_statement
from partners.operations.propose_batch import CutOffAhead, NothingEligible, propose_batch
from partners.operations.refuse_batch import ReasonMissing, refuse_batch
from partners.operations.retry_payout import retry_payout
from partners.operations.send_batch import NotApproved, PayableShrunk, send_batch
from partners.operations.settle_matches import NotProposed, settle_matches
from partners.operations.undo_match import NotUndoable, undo_match
from partners.queries import owed, shares_of, totals
from partners.queries.eligible import Eligible, eligible
from partners.two_people import SamePerson
from people.models import Approval, User
from tests.ledger.raw import as_owner
from tests.partners.conftest import NOW
from tests.partners.money import earn, settle_charge

pytestmark = pytest.mark.django_db
TODAY = date(2026, 10, 20)


def propose(by: User) -> PayoutBatch:
    return propose_batch(by=by, as_of=TODAY, currency="usd", now=NOW)


def approve(batch: PayoutBatch, by: User) -> PayoutBatch:
    return approve_batch(batch_id=batch.pk, by=by, content_hash=batch.content_hash, now=NOW)


def sent(ana: User, ben: User) -> PayoutBatch:
    return send_batch(batch_id=approve(propose(ana), ben).pk, by=ana, now=NOW)


def state_of(partner: Partner) -> Eligible:
    return next(row for row in eligible(as_of=TODAY, currency="usd", now=NOW) if row.partner == partner)


def statement(account: BankAccount, by: User, *rows: str, name: str = "october.csv") -> None:
    content = "\n".join(["Date,Description,Amount", *rows]).encode()
    import_statement(account=account, file_name=name, content=content, by=by, now=NOW)


def books_hold() -> None:
    checks = (*books_of_partners.CHECKS, *bank_checks.CHECKS)
    assert [finding for check in checks for finding in check.find()] == []


def test_a_payout_from_proposal_to_the_bank(
    valor: Agreement, rehope: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    # E1a and E7 of rules/ledger.md, with other amounts.
    earn(valor, 21600, 1)
    earn(rehope, 14000, 2)
    batch = sent(ana, ben)
    dahlia, house = batch.payouts.order_by("partner__slug")
    assert (dahlia.amount_minor, house.amount_minor) == (4320, 2800)
    assert books.balances_by_owner("payout_in_flight") == {valor.partner.owner: -4320, rehope.partner.owner: -2800}
    assert books.balances_by_owner("payable") == {valor.partner.owner: 0, rehope.partner.owner: 0}
    assert shares_of("order:1")[0].state == "promised"

    statement(checking, ana, f"2026-10-20,ACH {dahlia.reference},-43.20", "2026-10-20,TRANSFER,-28.00")
    matches = Match.objects.order_by("id")
    assert [match.rule for match in matches] == ["exact_id", "amount_date"]
    settle_matches(match_ids=[match.pk for match in matches], by=ben, now=NOW)

    batch.refresh_from_db()
    assert batch.state == "settled"
    assert books.balance("bank", f"bank:{checking.pk}") == -7120
    assert set(books.balances_by_owner("payout_in_flight").values()) == {0}
    assert owed(valor.partner) == 0
    (share,) = shares_of("order:1")
    assert (share.state, share.paid_on) == ("paid", date(2026, 10, 20))
    figures = totals(valor.partner)
    assert (figures.accrued_minor, figures.paid_minor, figures.other_minor, figures.closing_minor) == (4320, 4320, 0, 0)
    books_hold()


def test_nobody_approves_what_they_proposed(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    batch = propose(ana)

    with pytest.raises(SamePerson):
        approve(batch, ana)
    with pytest.raises(NotApproved):
        send_batch(batch_id=batch.pk, by=ana, now=NOW)
    approve(batch, ben)

    assert Approval.objects.get(subject=batch.approval_subject).decided_by == ben
    with pytest.raises(NotWaiting):
        approve(batch, ben)


def test_nobody_confirms_what_they_sent(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> None:
    earn(valor, 20000)
    sent(ana, ben)
    statement(checking, ben, "2026-10-20,TRANSFER,-40.00")
    match = Match.objects.get()

    with pytest.raises(SamePerson):
        settle_matches(match_ids=[match.pk], by=ana, now=NOW)
    assert books.balance("payout_in_flight", valor.partner.owner) == -4000

    settle_matches(match_ids=[match.pk], by=ben, now=NOW)
    with pytest.raises(NotProposed):
        settle_matches(match_ids=[match.pk], by=ben, now=NOW)
    assert books.balance("payout_in_flight", valor.partner.owner) == 0


def test_nobody_confirms_what_they_sent_again(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> None:
    """Whoever started the try that is on its way sent that money, whoever sent the batch."""
    earn(valor, 20000)
    payout = sent(ana, ben).payouts.get()
    fail_attempt(payout, payout.attempts.get(), code="", now=NOW)
    retry_payout(payout_id=payout.pk, by=ben, now=NOW)
    statement(checking, ben, f"2026-10-20,ACH {payout.reference},-40.00")
    match = Match.objects.get()

    assert match.state == Match.State.PROPOSED  # its reference is exact, and yet its importer sent it
    with pytest.raises(SamePerson):
        settle_matches(match_ids=[match.pk], by=ben, now=NOW)
    assert books.balance("payout_in_flight", valor.partner.owner) == -4000


def test_an_approval_signs_what_was_seen(valor: Agreement, rehope: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000, 1)
    earn(rehope, 20000, 2)
    batch = propose(ana)
    seen = batch.content_hash
    PartnerPayout.objects.filter(batch=batch, partner=valor.partner).update(destination="Another bank, ending 1111")

    with pytest.raises(ContentChanged):
        approve_batch(batch_id=batch.pk, by=ben, content_hash=seen, now=NOW)


def test_a_line_changed_after_approval_voids_it(valor: Agreement, rehope: Agreement, ana: User, ben: User) -> None:
    # rules/ledger.md case 13
    earn(valor, 20000, 1)
    earn(rehope, 20000, 2)
    batch = approve(propose(ana), ben)
    PartnerPayout.objects.filter(batch=batch, partner=valor.partner).update(amount_minor=9999)

    with pytest.raises(NotApproved):
        send_batch(batch_id=batch.pk, by=ana, now=NOW)
    assert books.balance("payout_in_flight", valor.partner.owner) == 0


def test_an_edit_asks_for_approval_again(valor: Agreement, rehope: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000, 1)
    earn(rehope, 20000, 2)
    batch = approve(propose(ana), ben)
    out = batch.payouts.get(partner=valor.partner)

    take_out_payout(payout_id=out.pk, by=ben, now=NOW)

    batch.refresh_from_db()
    assert batch.state == "proposed"
    # Ana proposed, Ben changed it: a third person must decide.
    for person in (ana, ben):
        with pytest.raises(SamePerson):
            approve(batch, person)
    assert state_of(valor.partner).eligible_minor == 4000
    with pytest.raises(NotEditable):
        take_out_payout(payout_id=batch.payouts.get(partner=rehope.partner).pk, by=ana, now=NOW)
    books_hold()


def test_a_refused_batch_gives_its_shares_back(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    batch = propose(ana)
    with pytest.raises(ReasonMissing):
        refuse_batch(batch_id=batch.pk, by=ben, reason=" ", now=NOW)

    refuse_batch(batch_id=batch.pk, by=ben, reason="Wrong cut-off day", now=NOW)

    assert PayoutBatch.objects.get().state == "refused"
    assert propose(ana).payouts.get().amount_minor == 4000


def test_a_share_is_claimed_by_one_batch_only(valor: Agreement, ana: User) -> None:
    allocation = earn(valor, 20000)
    batch = propose(ana)

    with pytest.raises(NothingEligible):
        propose(ana)
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutItem.objects.create(payout=batch.payouts.get(), allocation=allocation, amount_minor=1)


def test_the_refund_window_and_unavailable_funds_hold_back(valor: Agreement) -> None:
    earn(valor, 20000, 1, days_ago=14)
    earn(valor, 10000, 2, days_ago=13)
    earn(valor, 5000, 3, available=False)

    row = state_of(valor.partner)
    assert (row.payable_minor, row.too_young_minor, row.funds_on_the_way_minor, row.eligible_minor) == (
        7000,
        2000,
        1000,
        4000,
    )
    assert row.why_not == ""

    settle_charge("ch_3", 5000, NOW - timedelta(days=3))
    assert state_of(valor.partner).eligible_minor == 5000


def test_without_a_window_today_can_be_paid(valor: Agreement) -> None:
    PayoutPolicy.objects.create(refund_window_days=0)
    earn(valor, 20000, days_ago=3)

    assert state_of(valor.partner).eligible_minor == 4000


@pytest.mark.parametrize(("basis_minor", "word"), [(12495, "minimum"), (12500, "")])
def test_small_sums_are_carried_forward(valor: Agreement, ana: User, basis_minor: int, word: str) -> None:
    earn(valor, basis_minor)

    assert word in state_of(valor.partner).why_not
    if word:
        with pytest.raises(NothingEligible):
            propose(ana)
    else:
        assert propose(ana).payouts.get().amount_minor == 2500


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_paused_or_closed_partner_is_seen_and_not_paid(valor: Agreement, ana: User, status: str) -> None:
    earn(valor, 20000)
    Partner.objects.filter(pk=valor.partner_id).update(status=status)

    assert status in state_of(valor.partner).why_not
    assert state_of(valor.partner).payable_minor == 4000

    with pytest.raises(NothingEligible):
        propose(ana)


def adjust(partner: Partner, amount_minor: int, key: str) -> None:
    """A manual entry: above zero we owe the partner more."""
    from ledger.drafts import AccountRef, EntryDraft, PostingDraft
    from ledger.operations.post_entry import post_entry

    ours, theirs = AccountRef("allocations"), AccountRef("payable", partner.owner)
    debit, credit = (ours, theirs) if amount_minor > 0 else (theirs, ours)
    with transaction.atomic():
        post_entry(
            EntryDraft(
                kind="manual",
                key=key,
                source=key,
                event_at=NOW,
                effective_on=TODAY,
                currency="usd",
                postings=(PostingDraft(debit, credit, abs(amount_minor)),),
            ),
            now=NOW,
        )


def test_what_we_are_owed_is_netted_and_attributed(valor: Agreement, ana: User) -> None:
    # rules/shop.md case 10: 1200 new against 855 taken back pays 345.
    PayoutPolicy.objects.create(minimum_minor=1)
    earn(valor, 6000)
    adjust(valor.partner, -855, "manual:1")

    payout = propose(ana).payouts.get()

    assert payout.amount_minor == 345
    assert sorted(payout.items.values_list("amount_minor", flat=True)) == [-855, 1200]
    assert state_of(valor.partner).eligible_minor == 0


def test_a_negative_account_is_carried_forward(valor: Agreement, ana: User) -> None:
    # rules/shop.md case 10: 500 new against 855 carries -355.
    earn(valor, 2500)
    adjust(valor.partner, -855, "manual:1")

    row = state_of(valor.partner)
    assert (row.eligible_minor, row.why_not) == (-355, "The account is in our favour; carried forward.")
    with pytest.raises(NothingEligible):
        propose(ana)


def test_nothing_is_sent_beyond_what_is_still_owed(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    batch = approve(propose(ana), ben)
    adjust(valor.partner, -1, "manual:1")

    with pytest.raises(PayableShrunk):
        send_batch(batch_id=batch.pk, by=ana, now=NOW)
    assert books.balance("payout_in_flight", valor.partner.owner) == 0


def test_a_day_ahead_is_no_cut_off(valor: Agreement, ana: User) -> None:
    with pytest.raises(CutOffAhead):
        propose_batch(by=ana, as_of=TODAY + timedelta(days=1), currency="usd", now=NOW)


def test_the_refund_window_is_measured_to_the_cut_off_day(valor: Agreement, ana: User) -> None:
    earn(valor, 20000, 1, days_ago=40)
    earn(valor, 30000, 2, days_ago=20)

    with pytest.raises(NothingEligible):
        propose_batch(by=ana, as_of=TODAY - timedelta(days=27), currency="usd", now=NOW)
    batch = propose_batch(by=ana, as_of=TODAY - timedelta(days=26), currency="usd", now=NOW)

    assert batch.payouts.get().amount_minor == 4000


def test_a_batch_is_figured_from_what_is_sealed(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000, 1)
    through_seq = seal_all()
    earn(valor, 30000, 2)
    adjust(valor.partner, -855, "manual:1")

    (then,) = eligible(as_of=TODAY, through_seq=through_seq, currency="usd", now=NOW)
    batch = propose(ana)

    assert (then.payable_minor, then.ready_minor, then.other_minor) == (4000, 4000, 0)
    assert batch.through_seq == Seal.objects.count() == through_seq + 3  # a share, its charge's money, a correction
    assert batch.payouts.get().amount_minor == 4000 + 6000 - 855
    assert eligible(as_of=TODAY, through_seq=through_seq, currency="usd", now=NOW)[0].claimed_minor == 9145


def test_the_approval_signs_the_cut_off(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)
    batch = propose(ana)
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        PayoutBatch.objects.update(through_seq=batch.through_seq + 1)
    as_owner("UPDATE partners_payoutbatch SET through_seq = through_seq + 1")

    with pytest.raises(ContentChanged):
        approve(batch, ben)


def test_what_was_sent_after_the_sealing_is_not_proposed_once_more(
    valor: Agreement, ana: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    earn(valor, 20000)
    batch = approve(propose(ana), ben)

    def sealed_before_the_sending() -> int:
        through_seq = seal_all()
        send_batch(batch_id=batch.pk, by=ana, now=NOW)
        return through_seq

    monkeypatch.setattr("partners.operations.propose_batch.seal_all", sealed_before_the_sending)

    with pytest.raises(NothingEligible):
        propose(ben)
    assert PayoutBatch.objects.get() == batch


def test_nothing_is_proposed_from_books_that_cannot_be_sealed(valor: Agreement, ana: User) -> None:
    entry_id = earn(valor, 20000).entry_id
    as_owner("UPDATE ledger_entry SET source = 'order:2' WHERE id = %s", entry_id)

    with pytest.raises(ContentMismatch):
        propose(ana)
    assert not PayoutBatch.objects.exists()


def test_a_line_of_another_amount_settles_nothing(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    earn(valor, 20000)
    payout = sent(ana, ben).payouts.get()

    statement(checking, ana, f"2026-10-20,{payout.reference},-39.99")

    assert not Match.objects.exists()
    line = checking.lines.get()
    with pytest.raises(DoesNotFit):
        choose_match(line_ids=[line.pk], payout_ids=[payout.pk], by=ana, now=NOW)


def test_two_equal_amounts_are_left_to_a_person(
    valor: Agreement, rehope: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    earn(valor, 20000, 1)
    earn(rehope, 20000, 2)
    batch = sent(ana, ben)
    statement(checking, ana, "2026-10-20,TRANSFER,-40.00")
    assert not Match.objects.exists()

    payout = batch.payouts.get(partner=rehope.partner)
    match = choose_match(line_ids=[checking.lines.get().pk], payout_ids=[payout.pk], by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)

    assert owed(rehope.partner) == 0
    assert owed(valor.partner) == 4000
    batch.refresh_from_db()
    assert batch.state == "sent"
    books_hold()


def test_an_undone_match_is_not_proposed_again(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> None:
    earn(valor, 20000)
    sent(ana, ben)
    statement(checking, ana, "2026-10-20,TRANSFER,-40.00")
    match = Match.objects.get()

    undo_match(match_id=match.pk, by=ben, now=NOW)
    statement(checking, ana, "2026-10-19,Rent,-900.00", name="more.csv")

    assert list(Match.objects.values_list("state", flat=True)) == ["undone"]
    with pytest.raises(NotUndoable):
        undo_match(match_id=match.pk, by=ben, now=NOW)


def test_an_old_line_is_no_payout(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> None:
    earn(valor, 20000)
    sent(ana, ben)

    statement(checking, ana, "2026-10-01,TRANSFER,-40.00")

    assert not Match.objects.exists()


def test_eligibility_costs_the_same_for_any_number(valor: Agreement, django_assert_num_queries: Any) -> None:
    for number in range(1, 6):
        earn(valor, 20000, number)

    with django_assert_num_queries(6):
        eligible(as_of=TODAY, currency="usd", now=NOW)
    through_seq = seal_all()
    with django_assert_num_queries(7):
        eligible(as_of=TODAY, through_seq=through_seq, currency="usd", now=NOW)
