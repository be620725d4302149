"""Every event has a builder, every builder an example, and each makes the postings of the table, to the cent."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from typing import Any

import pytest
from django.db import transaction

from ledger import builders
from ledger.builders import Parts, processor
from ledger.drafts import AccountRef, BadPosting, EntryDraft
from ledger.models import Account, Entry
from ledger.operations.post_entry import Outcome, post_entry
from ledger.queries import balance
from tests.ledger.events import EXAMPLES, Example
from tests.ledger.facts import NOW, RESTORATION_HOUSE, WHEN, post, shown

BUILDERS = {name for name in builders.__all__ if inspect.isfunction(getattr(builders, name))}
SIGNED = {
    ("balance_transaction", "amount_minor"),
    ("balance_transaction", "fee_minor"),
    ("bank_line", "amount_minor"),
    ("partner_receivable", "amount_minor"),
    ("revaluation", "gain_minor"),
    ("reversal", "amount_minor"),
    ("stripe_payout", "amount_minor"),
    ("stripe_payout_failed", "amount_minor"),
}
FIRST = list({example.builder: example for example in reversed(EXAMPLES)}.values())
AMOUNTS = [
    (example, name)
    for example in FIRST
    for name in inspect.signature(getattr(builders, example.builder)).parameters
    if name.endswith("_minor")
]
PART_AMOUNTS = [
    (example, field.name)
    for example in FIRST
    if isinstance(example.figures.get("parts"), Parts)
    for field in fields(Parts)
    if "minor" in field.name
]


def by_event(example: Example) -> str:
    return example.event


def by_amount(value: Any) -> str:
    return value.builder if isinstance(value, Example) else str(value)


def test_every_builder_has_an_example() -> None:
    assert {example.builder for example in EXAMPLES} == BUILDERS


@pytest.mark.parametrize("example", EXAMPLES, ids=by_event)
def test_event_makes_its_postings(example: Example) -> None:
    drafts = example.drafts()

    assert [line for draft in drafts for line in shown(draft)] == example.postings
    assert drafts[0].key == example.key
    assert all(draft.source == "order:1042" and draft.event_at == NOW for draft in drafts)


@pytest.mark.parametrize("example", FIRST, ids=by_event)
@pytest.mark.usefixtures("books")
def test_event_can_be_posted_once_and_told_again(example: Example) -> None:
    what_it_reverses(*example.drafts())
    post(*example.drafts())

    again = post(*example.drafts(actor="user:3"))

    assert {posted.outcome for posted in again} == {Outcome.ALREADY_POSTED}


def what_it_reverses(*drafts: EntryDraft) -> None:
    for draft in drafts:
        if draft.reverses_key:
            mirrored = tuple(replace(p, debit=p.credit, credit=p.debit) for p in draft.postings)
            post(replace(draft, key=draft.reverses_key, reverses_key=None, postings=mirrored))


@pytest.mark.parametrize(("example", "name"), [a for a in AMOUNTS if (a[0].builder, a[1]) not in SIGNED], ids=by_amount)
def test_negative_amount_is_refused_by_its_value(example: Example, name: str) -> None:
    with pytest.raises(BadPosting, match="-7"):
        example.drafts(**{name: -7})


@pytest.mark.parametrize(("example", "name"), [a for a in AMOUNTS if (a[0].builder, a[1]) in SIGNED], ids=by_amount)
def test_signed_amount_goes_the_other_way(example: Example, name: str) -> None:
    [there], [back] = (example.drafts(**{name: amount}) for amount in (7, -7))

    mirrored = [replace(p, debit=p.credit, credit=p.debit) for p in there.postings if p.amount_minor == 7]
    assert mirrored == [p for p in back.postings if p.amount_minor == 7] != []


@pytest.mark.parametrize("amount", [7.0, "7", True, None])
@pytest.mark.parametrize(("example", "name"), AMOUNTS, ids=by_amount)
def test_what_is_not_a_whole_number_of_cents_is_refused_by_its_value(
    example: Example, name: str, amount: object
) -> None:
    with pytest.raises(BadPosting, match=f"not {amount!r}"):
        example.drafts(**{name: amount})


@pytest.mark.parametrize("amount", [-7, 7.0])
@pytest.mark.parametrize(("example", "name"), PART_AMOUNTS, ids=by_amount)
def test_bad_part_is_refused_by_its_value(example: Example, name: str, amount: Any) -> None:
    with pytest.raises(BadPosting, match=f"not {amount!r}"):
        example.drafts(parts=replace(example.figures["parts"], **{"fund": "seed-collective", name: amount}))


@pytest.mark.parametrize("builder", ["gift", "benefit", "restriction_released"])
def test_fund_must_be_named(builder: str) -> None:
    [example] = [example for example in EXAMPLES if example.builder == builder]

    with pytest.raises(BadPosting, match="fund"):
        example.drafts(fund="")


@pytest.mark.parametrize("builder", ["accrual", "reversal"])
def test_agency_money_must_name_its_fund(builder: str) -> None:
    [example, *_] = [example for example in EXAMPLES if example.builder == builder]

    with pytest.raises(BadPosting, match="fund"):
        example.drafts(recognition="agency")


def test_refund_of_a_gift_must_name_its_fund() -> None:
    with pytest.raises(BadPosting, match="fund"):
        builders.refund(refund_ref="stripe:refund:re_1", source="gift:7", parts=Parts(gift_minor=1), **WHEN)


def test_money_is_not_exchanged_for_its_own_currency() -> None:
    [example] = [example for example in EXAMPLES if example.builder == "exchange"]

    with pytest.raises(BadPosting, match="eur"):
        example.drafts(in_currency="eur")


def test_opening_balance_of_net_assets_is_what_is_left() -> None:
    [example] = [example for example in EXAMPLES if example.builder == "opening"]

    with pytest.raises(BadPosting, match="-58000"):
        example.drafts(balances={AccountRef("net_assets"): -58_000})


def test_manual_entry_needs_one_of_the_reasons() -> None:
    [example] = [example for example in EXAMPLES if example.builder == "manual"]

    with pytest.raises(BadPosting, match=r"'because' is not one of correction,"):
        example.drafts(reason="because")


def test_kinds_that_may_move_the_stripe_balance_are_those_that_do() -> None:
    stripe_balance = AccountRef("stripe_balance")
    moving = {
        draft.kind
        for example in EXAMPLES
        for draft in example.drafts()
        if any(stripe_balance in (posting.debit, posting.credit) for posting in draft.postings)
    }

    assert moving | {"opening"} == set(processor.KINDS)


def test_memo_says_why_by_a_fixed_word() -> None:
    memos = {example.builder: draft.memo for example in EXAMPLES for draft in example.drafts() if draft.memo}

    assert memos == {"hold": "dispute", "reserve": "reserve", "manual": "write_off"}


@pytest.mark.usefixtures("books")
def test_each_currency_adds_up_to_nothing_after_an_exchange() -> None:
    [example] = [example for example in EXAMPLES if example.builder == "exchange"]
    post(*example.drafts())

    assert (balance("trading", currency="eur"), balance("stripe_balance", currency="eur")) == (3000, -3000)
    assert (balance("trading"), balance("stripe_balance")) == (-3240, 3240)


@pytest.mark.usefixtures("books")
def test_opening_balances_leave_net_assets() -> None:
    [example] = [example for example in EXAMPLES if example.builder == "opening"]
    post(*example.drafts())

    assert balance("net_assets") == -58_000
    assert balance("payable", RESTORATION_HOUSE) == -2_000


@pytest.mark.usefixtures("books")
def test_failed_refund_is_tied_to_its_refund() -> None:
    refund, failed = (next(e for e in EXAMPLES if e.builder == name) for name in ("refund", "refund_failed"))
    post(*refund.drafts())
    post(*failed.drafts())

    assert Entry.objects.get(reverses__idempotency_key="stripe:refund:re_1").kind == "refund_failed"
    assert (balance("clearing"), balance("sales_refunds")) == (0, 0)


@pytest.mark.usefixtures("books")
def test_refund_that_is_not_in_the_books_cannot_fail() -> None:
    failed = next(example for example in EXAMPLES if example.builder == "refund_failed")

    with pytest.raises(BadPosting, match="stripe:refund:re_1, which is not in the books"), transaction.atomic():
        post_entry(failed.drafts()[0], now=NOW)

    assert not Account.objects.exists()
