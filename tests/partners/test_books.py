"""The books name what does not fit partners' rows: each fault is planted as the database's owner."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from ledger import books, builders
from ledger.drafts import AccountRef, PostingDraft
from ledger.models import Entry
from ledger.operations.post_entry import post_entry
from partners import bank_checks
from partners.books import CHECKS
from partners.models import Agreement, Allocation, BankAccount, Match, Partner, PartnerPayout
from partners.operations.settle_matches import settle_matches
from people.models import User
from tests.ledger.raw import as_owner, check_at_commit
from tests.partners.conftest import NOW
from tests.partners.money import earn
from tests.partners.test_payouts import propose, sent, statement

pytestmark = pytest.mark.django_db
TODAY = date(2026, 10, 20)
OWED = "each partner is owed what was allocated less what was paid"
HOLDS = "each reversal and hold stands in the books"
SHARES = "each allocation is the sum of its lines and stands in its entry"
PAYOUTS = "each payout that was sent stands in the books"
BACK = "no share is taken back by more than it was"
ITEMS = "each payout is the sum of its items"
BANK = "the bank is its confirmed lines"
SIDES = "both sides of each match come to the same"


def findings() -> dict[str, list[str]]:
    return {check.name: found for check in (*CHECKS, *bank_checks.CHECKS) if (found := list(check.find()))}


def post(builder: str, **figures: Any) -> int:
    about = {"source": "order:1", "event_at": NOW, "effective_on": TODAY, "currency": "usd"}
    with transaction.atomic():
        return post_entry(getattr(builders, builder)(**about, **figures), now=NOW).entry_id


@pytest.fixture
def share(valor: Agreement) -> Allocation:
    """$40.00 to Dahlia's Hope, and the key of its entry without its end."""
    return earn(valor, 20000)


@pytest.fixture
def paid(share: Allocation, checking: BankAccount, ana: User, ben: User) -> PartnerPayout:
    """The share reached the partner's bank."""
    payout = sent(ana, ben).payouts.get()
    statement(checking, ana, f"2026-10-20,ACH {payout.reference},-40.00")
    settle_matches(match_ids=[Match.objects.get().pk], by=ben, now=NOW)
    payout.refresh_from_db()
    return payout


def test_l9_partner_that_is_owed_something_else_is_named(share: Allocation) -> None:
    owner = share.agreement.partner.owner
    as_owner("UPDATE ledger_posting SET amount_minor = 4005 WHERE entry_id = %s", share.entry_id)

    found = findings()

    assert found[OWED] == [f"{owner}: the books owe $40.05, it should be $40.00 ($40.00 allocated)"]
    assert found[SHARES] == [f"allocation {share.pk} (order:1) is $40.00, its entry {share.entry_id} says $40.05"]


def test_l9_money_that_a_partner_was_given_past_its_shares_is_named(share: Allocation, paid: PartnerPayout) -> None:
    owner = share.agreement.partner.owner
    post("top_up", top_up_ref="agreement:1:2026", partner=owner, amount_minor=5)

    assert findings() == {OWED: [f"{owner}: the books owe $0.05, it should be $0.00 ($40.00 allocated, $40.00 paid)"]}


def test_l9_reversals_openings_and_receivables_count(share: Allocation) -> None:
    owner = share.agreement.partner.owner
    post("reversal", allocation_ref=ref(share), cause="stripe:refund:re_1", partner=owner, amount_minor=1000)
    post("opening", opening_ref="opening:usd", balances={AccountRef("payable", owner): -300})
    post("partner_receivable", claim_ref="claim:1", partner=owner, amount_minor=50)

    assert findings() == {}


def test_l9_what_is_held_without_a_hold_of_ours_is_named(share: Allocation) -> None:
    owner = share.agreement.partner.owner
    post("hold", hold_ref="hold:1", partner=owner, amount_minor=7, reason="manual")

    assert findings() == {HOLDS: [f"{owner}: $0.00 is held, the books hold $0.07"]}


def test_l9_entry_by_hand_counts_when_two_people_approved_it(share: Allocation, ana: User, ben: User) -> None:
    owner = share.agreement.partner.owner
    draft = PostingDraft(AccountRef("allocations"), AccountRef("payable", owner), 5)
    entry = post("manual", manual_ref="manual:1", reason="correction", postings=[draft])
    assert findings() == {OWED: [f"{owner}: the books owe $40.05, it should be $40.00 ($40.00 allocated)"]}

    as_owner(
        "INSERT INTO ledger_manualentry"
        " (reason, about, effective_on, currency, postings, proposed_by_id, proposed_at, entry_id)"
        " VALUES ('correction', '', '2026-10-20', 'usd', '[]', %s, now(), %s)",
        ana.pk,
        entry,
    )

    assert findings() == {}


@pytest.mark.parametrize("column", ["amount_minor = 3999", "amount_minor = amount_minor + 1"])
def test_l9_share_that_its_lines_do_not_make_is_named(share: Allocation, column: str) -> None:
    as_owner(f"UPDATE partners_allocationline SET {column}")

    share.refresh_from_db()
    lines = "$39.99" if "3999" in column else "$40.01"
    assert findings() == {SHARES: [f"allocation {share.pk} (order:1) is $40.00, its lines are {lines}"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE ledger_entry SET idempotency_key = 'x' WHERE kind = 'payout_sent'", "was sent, the books say nothing"),
        ("DELETE FROM ledger_posting WHERE entry_id = {settled}", "was settled, the books say nothing"),
        (
            "UPDATE ledger_posting SET amount_minor = 3900 WHERE entry_id = {settled}",
            "was settled, the books say $39.00",
        ),
    ],
)
def test_l9_payout_that_is_not_in_the_books_is_named(paid: PartnerPayout, change: str, said: str) -> None:
    check_at_commit()
    as_owner(change.format(settled=Entry.objects.get(kind="payout_settled").pk))

    assert findings()[PAYOUTS] == [f"payout:{paid.pk}:1 of $40.00 {said}"]


def ref(share: Allocation) -> str:
    """The name that entries about a share begin with."""
    return Entry.objects.get(pk=share.entry_id).idempotency_key.removesuffix(":accrual")


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ([4000], []),
        ([1000, -1000], []),
        ([4001], ["took back $40.01, the share was $40.00"]),
        ([3000, 1001], ["took back $40.01, the share was $40.00"]),
        ([1000, -1001], ["took back -$0.01, the share was $40.00"]),
    ],
)
def test_l10_share_taken_back_beyond_itself_is_named(share: Allocation, amounts: list[int], said: list[str]) -> None:
    owner = share.agreement.partner.owner
    for number, amount in enumerate(amounts):
        post("reversal", allocation_ref=ref(share), cause=f"re:{number}", partner=owner, amount_minor=amount)

    found = findings()

    assert set(found) <= {BACK}
    assert [finding.partition(" took")[2] for finding in found.get(BACK, [])] == [words[4:] for words in said]
    assert all(finding.startswith(f"{ref(share)}: entry ") for finding in found.get(BACK, []))


def test_l9_agency_money_set_aside_or_on_its_way_is_still_between_us(share: Allocation) -> None:
    agency = {"partner": share.agreement.partner.owner, "recognition": "agency"}
    post("hold", hold_ref="hold:1", reason="dispute", amount_minor=300, **agency)
    post("payout_sent", payout_ref="cheque:1", amount_minor=200, **agency)

    assert findings() == {}


def test_l10_held_agency_money_taken_back_beyond_its_share_is_named(share: Allocation) -> None:
    agency = {"partner": share.agreement.partner.owner, "recognition": "agency", "fund": "a", "held": True}
    entry = post("reversal", allocation_ref=ref(share), cause="re:1", amount_minor=4001, **agency)

    assert findings() == {BACK: [f"{ref(share)}: entry {entry} took back $40.01, the share was $40.00"]}


@pytest.mark.parametrize("wrong", ["ref", "partner", "currency"])
def test_l10_reversal_of_no_share_is_named(share: Allocation, restoration_house: Partner, wrong: str) -> None:
    about: dict[str, Any] = {"allocation_ref": ref(share), "partner": share.agreement.partner.owner}
    about |= {"ref": {"allocation_ref": "allocation:x"}, "partner": {"partner": restoration_house.owner}}.get(wrong, {})
    entry = post("reversal", cause="re:1", amount_minor=5, **about)
    if wrong == "currency":
        as_owner("UPDATE partners_allocation SET currency = 'eur'")

    assert findings()[BACK] == [f"{about['allocation_ref']}: entry {entry} took back $0.05, there is no such share"]


def test_l11_payout_that_its_items_do_not_make_is_named(share: Allocation, ana: User) -> None:
    payout = propose(ana).payouts.get()
    as_owner("UPDATE partners_partnerpayout SET amount_minor = 4001")

    assert findings() == {ITEMS: [f"payout {payout.pk} ({payout.reference}) is $40.01, its items are $40.00"]}


def test_l11_payout_of_nothing_is_named(share: Allocation, ana: User) -> None:
    payout = propose(ana).payouts.get()
    check_at_commit()
    as_owner("ALTER TABLE partners_partnerpayout DROP CONSTRAINT payout_more_than_zero")
    as_owner("UPDATE partners_partnerpayout SET amount_minor = 0")
    as_owner("UPDATE partners_payoutitem SET amount_minor = 0")

    assert findings() == {ITEMS: [f"payout {payout.pk} ({payout.reference}) is $0.00, its items are $0.00"]}


def test_l8_bank_that_was_moved_without_a_match_is_named(paid: PartnerPayout, checking: BankAccount) -> None:
    assert findings() == {}
    as_owner("DELETE FROM partners_matchentry")

    settled, match = Entry.objects.get(kind="payout_settled"), Match.objects.get()
    assert findings() == {
        BANK: [
            f"payout_settled payout:{paid.pk}:settled:1 (entry {settled.pk}) moves bank:{checking.pk} by -$40.00,"
            " in no match",
            f"match {match.pk} moved bank:{checking.pk} by $0.00, its lines say -$40.00",
        ]
    }


def test_l8_line_of_another_amount_is_named(paid: PartnerPayout, checking: BankAccount) -> None:
    as_owner("UPDATE partners_bankline SET amount_minor = -4001")

    match, line = Match.objects.get(), checking.lines.get()
    assert findings() == {
        BANK: [f"match {match.pk} moved bank:{checking.pk} by -$40.00, its lines say -$40.01"],
        SIDES: [f"match {match.pk}: line {line.pk} is -4001, its item says -4000"],
    }


def test_l8_match_that_was_undone_past_the_books_is_named(paid: PartnerPayout, checking: BankAccount) -> None:
    as_owner("UPDATE partners_match SET state = 'undone'")

    assert findings()[BANK] == [f"match {Match.objects.get().pk} moved bank:{checking.pk} by -$40.00, and is undone"]


def test_l8_match_whose_sides_differ_is_named(paid: PartnerPayout) -> None:
    as_owner("UPDATE partners_matchitem SET amount_minor = -3999 WHERE side = 'partner'")

    match = Match.objects.get()
    assert findings()[SIDES] == [
        f"match {match.pk}: its lines come to -$40.00, the rest to -$39.99",
        f"match {match.pk}: {paid.reference} is 4000, its item says -3999",
    ]


def test_l8_what_is_on_its_way_and_what_nothing_explains_is_listed(
    share: Allocation, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = sent(ana, ben).payouts.get()
    statement(checking, ana, "2026-10-18,Rent,-900.00", f"2026-10-20,ACH {payout.reference},-40.00")

    listed = books.open_items()

    assert listed["On the way to partners (2120), not confirmed at the bank"] == [
        books.OpenItem(f"{payout.reference} to {payout.partner.owner}", 4000, "usd", NOW)
    ]
    lines = listed["Lines of the bank that nothing explains yet"]
    assert [(item.amount_minor, item.since.date()) for item in lines] == [
        (-90000, date(2026, 10, 18)),
        (-4000, date(2026, 10, 20)),
    ]
    settle_matches(match_ids=[Match.objects.get().pk], by=ben, now=NOW)
    assert [len(items) for title, items in books.open_items().items() if "bank" in title] == [0, 0, 0, 0, 1]
