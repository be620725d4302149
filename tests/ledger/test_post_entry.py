"""One fact, one entry: outcomes, conflicts, refusals, and how few statements it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from ledger import statements
from ledger.drafts import EntryDraft
from ledger.models import Account, Entry, Posting
from ledger.operations.post_entry import (
    BadPosting,
    Conflict,
    IsolationTooHigh,
    NotPosted,
    Outcome,
    UnknownAccount,
    post_entries,
    post_entry,
)
from ledger.queries import balance, entry_by_key
from tests.ledger.facts import DAY, NOW, accrual, balances, entry, gift, post, sale

pytestmark = pytest.mark.usefixtures("books")


def test_entry_is_written_with_its_postings_in_order() -> None:
    [posted] = post(sale())

    written = Entry.objects.get(pk=posted.entry_id)
    assert (written.kind, written.source, written.effective_date, written.event_at) == ("sale", "order:1042", DAY, NOW)
    assert list(written.postings.order_by("ordinal").values_list("ordinal", "debit__code", "credit__code")) == [
        (1, "1040", "4510"),
        (2, "4520", "4510"),
        (3, "1040", "4530"),
        (4, "1040", "2310"),
    ]
    assert posted.outcome is Outcome.POSTED
    assert posted.effective_on == DAY


def test_same_fact_again_gives_back_the_first_entry() -> None:
    [first] = post(sale())

    [again] = post(sale())

    assert again == replace(first, outcome=Outcome.ALREADY_POSTED)
    assert Posting.objects.count() == 4


def test_replay_is_told_by_its_facts_not_by_what_they_were_made_into() -> None:
    draft = sale()
    [first] = post(draft)

    [again] = post(replace(draft, postings=draft.postings[:1], effective_on=DAY + timedelta(days=1), memo="seen"))

    assert (again.entry_id, again.outcome) == (first.entry_id, Outcome.ALREADY_POSTED)
    assert balance("clearing") == 5186


@pytest.mark.parametrize(
    "change",
    [
        {"tax_minor": 367},
        {"goods_minor": 4801},
        {"source": "order:1043"},
        {"event_at": NOW + timedelta(microseconds=1)},
        {"currency": "eur"},
    ],
)
def test_same_key_with_other_facts_is_a_conflict_and_writes_nothing(change: dict[str, Any]) -> None:
    post(sale())

    with pytest.raises(Conflict, match="stripe:charge:ch_1:sale"):
        post(sale(**change))

    assert (Entry.objects.count(), Posting.objects.count()) == (1, 4)


def test_transaction_survives_a_conflict_that_wrote_nothing() -> None:
    with transaction.atomic():
        post_entry(sale(), now=NOW)
        with pytest.raises(Conflict):
            post_entry(sale(tax_minor=1), now=NOW)
        post_entry(gift(), now=NOW)

    assert Entry.objects.count() == 2


def test_batch_gives_results_in_the_callers_order() -> None:
    [known] = post(sale("ch_b"))

    results = post(sale("ch_z"), sale("ch_b"), sale("ch_a"), sale("ch_z"))

    assert [result.outcome for result in results] == ["posted", "already_posted", "posted", "posted"]
    assert results[1].entry_id == known.entry_id
    assert results[0] == results[3]
    assert [Entry.objects.get(pk=result.entry_id).idempotency_key for result in results] == [
        f"stripe:charge:{charge}:sale" for charge in ("ch_z", "ch_b", "ch_a", "ch_z")
    ]


def test_batch_with_one_conflict_writes_nothing() -> None:
    post(sale("ch_b"))

    with pytest.raises(Conflict):
        post(sale("ch_a"), sale("ch_b", tax_minor=0))

    assert Entry.objects.count() == 1


def test_one_key_twice_in_a_batch_with_other_facts_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="twice"):
        post(sale(), sale(tax_minor=0))


def test_empty_batch_is_nothing() -> None:
    assert post() == []


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        (entry("k"), "no postings"),
        (entry("", ("clearing", "sales", 1)), "no key"),
        (entry("k", ("clearing", "sales", 0)), "above zero"),
        (entry("k", ("clearing", "sales", -5)), "above zero"),
        (entry("k", ("clearing", "sales", True)), "above zero"),
        (entry("k", ("clearing", "clearing", 5)), "both sides"),
        (entry("k", ("clearing", "sales", 5), currency="USD"), "currency code"),
        (entry("k", ("clearing", "sales", 5), event_at=NOW.replace(tzinfo=None)), "time zone"),
        (entry("k", ("clearing", "sales", 5), event_at=NOW + timedelta(days=1, seconds=1)), "not happened yet"),
        (entry("k", ("clearing", "sales", 5), effective_on=NOW), "not a moment"),
        (entry("k", ("clearing", "sales", 5), effective_on=DAY + timedelta(days=3)), "2026-10-23"),
        (entry("k", ("clearing", "sales", 5), effective_on=date(2028, 10, 1)), "not come yet: 2028-10-01"),
        (entry("k", ("clearing", "sales", 5), reverses_key="nothing"), "not in the books"),
        (entry("k", ("clearing", "sales", 2**63)), "out of range"),
        (entry("k" * 201, ("clearing", "sales", 5)), "too long"),
        (entry("k", ("clearing", "sales", 5), kind="k" * 41), "too long"),
    ],
)
def test_nonsense_is_a_bad_posting(draft: EntryDraft, why: str) -> None:
    with pytest.raises(BadPosting, match=why), transaction.atomic():
        post_entry(draft, now=NOW)

    assert not Entry.objects.exists()


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_day_that_has_begun_somewhere_is_taken(ahead: int) -> None:
    """A source whose clock is a day ahead, in the zone where days begin first: 2026-10-22 at 7 in the morning."""
    day = DAY + timedelta(days=ahead)

    with transaction.atomic():
        assert post_entry(sale(effective_on=day), now=NOW).effective_on == day


def test_what_is_missing_again_and_again_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "make_accounts", lambda _: None)

    with pytest.raises(NotPosted, match="stripe:charge:ch_1:sale"), transaction.atomic():
        post_entry(sale(), now=NOW)

    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "postings",
    [("petty_cash", "sales", 5), ("payable", "sales", 5), ("clearing", "sales/partner:1", 5)],
)
def test_account_that_the_chart_does_not_have_is_refused(postings: tuple[str, str, int]) -> None:
    with pytest.raises(UnknownAccount):
        post(entry("k", postings))

    assert not Account.objects.exists()


def test_account_is_made_once_for_each_owner_and_currency() -> None:
    post(accrual(), accrual("allocation:2", partner="partner:2"), accrual("allocation:3", currency="eur"))
    post(accrual("allocation:4"))

    assert sorted(Account.objects.filter(purpose="payable").values_list("owner", "currency")) == [
        ("partner:1", "eur"),
        ("partner:1", "usd"),
        ("partner:2", "usd"),
    ]


def test_closed_account_takes_nothing() -> None:
    post(sale())
    Account.objects.filter(purpose="tax_payable").update(is_open=False)

    with pytest.raises(BadPosting, match="closed account"):
        post(sale("ch_9"))

    assert Entry.objects.count() == 1


def test_entry_is_reversed_once() -> None:
    post(accrual())
    back = ("payable/partner:1", "allocations", 864)

    post(entry("back:1", back, reverses_key="allocation:1:accrual"))

    reversal = entry_by_key("back:1")
    assert reversal is not None and reversal.reverses == entry_by_key("allocation:1:accrual")
    with pytest.raises(BadPosting, match="entry_reversed_once"):
        post(entry("back:2", back, reverses_key="allocation:1:accrual"))


def test_entry_of_the_same_call_is_not_reversed_but_one_of_an_earlier_call_is() -> None:
    first = accrual()
    back = entry("back:1", ("payable/partner:1", "allocations", 864), reverses_key=first.key)

    with pytest.raises(BadPosting, match="not in the books: post that first, by a call of its own"):
        post(first, back)
    with transaction.atomic():
        post(first)
        post(back)

    assert balances() == {}


def test_refusal_by_the_database_rolls_the_callers_transaction_back() -> None:
    with pytest.raises(TransactionManagementError), transaction.atomic():
        with pytest.raises(BadPosting):
            post_entry(entry("k", ("clearing", "sales", 2**63)), now=NOW)
        post_entry(sale(), now=NOW)

    assert not Entry.objects.exists()


def test_one_statement_however_many_entries(django_assert_num_queries: Any) -> None:
    post(sale(), gift(), accrual())

    with transaction.atomic():
        with django_assert_num_queries(1):
            post_entry(sale("ch_3"), now=NOW)
        with django_assert_num_queries(1):
            post_entries([sale(f"ch_3{i}") for i in range(50)], now=NOW)


def test_replay_takes_one_statement(django_assert_num_queries: Any) -> None:
    post(sale(), gift())

    with transaction.atomic(), django_assert_num_queries(1):
        post_entries([sale(), gift()], now=NOW)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_posted() -> None:
    with pytest.raises(TransactionManagementError):
        post_entries([sale()], now=NOW)

    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_higher_isolation_is_refused(level: str) -> None:
    with pytest.raises(IsolationTooHigh), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        post_entry(sale(), now=NOW)

    assert not Entry.objects.exists()
