"""The books name what does not fit donations' rows: each fault is planted as the database's owner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from donations.books import CHECKS
from donations.models import Fund, Gift
from donations.operations.record_gift import record_gift
from ledger import builders
from ledger.builders import Parts
from ledger.models import Account, Entry
from ledger.operations.post_entry import post_entry
from people.queries import local_day
from tests.donations.conftest import checkout_paid
from tests.ledger.raw import as_owner

PARTS = "each paid gift has its entry, to the cent"
REFUNDED = "no part of a gift was refunded beyond itself"
CH_1 = "stripe:charge:ch_1"


def findings() -> dict[str, list[str]]:
    return {check.name: found for check in CHECKS if (found := list(check.find()))}


@pytest.fixture
def paid(gift: Gift, now: datetime) -> Gift:
    """$25.00 once, of which $1.00 covers the fee."""
    Gift.objects.filter(pk=gift.pk).update(fee_cover_minor=100)
    record_gift(checkout_paid(gift, now), now=now)
    gift.refresh_from_db()
    return gift


def give_back(gift: Gift, at: datetime, **parts: Any) -> None:
    about: dict[str, Any] = {"source": gift.ref, "event_at": at, "effective_on": local_day(at), "currency": "usd"}
    draft = builders.refund(
        refund_ref=f"stripe:refund:{Entry.objects.count()}", parts=Parts(fund="seed-collective", **parts), **about
    )
    with transaction.atomic():
        post_entry(draft, now=at)


def test_paid_gift_given_back_to_the_last_cent_passes(paid: Gift, now: datetime) -> None:
    give_back(paid, now, gift_minor=400, cover_minor=100)
    give_back(paid, now, gift_minor=2000)

    assert findings() == {}


def test_gift_of_an_earlier_year_given_back_whole_passes(paid: Gift, now: datetime) -> None:
    give_back(paid, now, gift_minor=2400, cover_minor=100, prior_year=True)

    assert findings() == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE donations_gift SET fee_cover_minor = 99", "the gift part is $24.01, the entry gave its fund $24.00"),
        ("UPDATE donations_gift SET fee_cover_minor = 99", "the fee cover is $0.99, the entry says $1.00"),
        ("UPDATE donations_gift SET charged_minor = 2600", "the whole is $26.00, the entry took from clearing $25.00"),
        ("UPDATE payments_charge SET amount_minor = 2499", "the whole is $25.00, the charge was $24.99"),
        ("UPDATE payments_charge SET currency = 'eur'", "the whole is $25.00, the charge was nothing"),
        ("UPDATE donations_fund SET slug = 'other'", "the gift part is $24.00, the entry gave its fund $0.00"),
    ],
)
def test_l12_part_that_differs_is_named(paid: Gift, change: str, said: str) -> None:
    as_owner(change)

    assert f"{paid.ref} ({CH_1}): {said}" in findings()[PARTS]


def test_l12_gift_that_is_not_in_the_books_and_entry_of_no_gift_are_named(paid: Gift) -> None:
    as_owner("UPDATE donations_gift SET charge_ref = 'stripe:charge:ch_9'")

    found = findings()[PARTS]

    entry = Entry.objects.get(kind="gift")
    assert f"{paid.ref} (stripe:charge:ch_9): the whole is $25.00, the entry took from clearing $0.00" in found
    assert found[-1] == f"gift {CH_1}:gift (entry {entry.pk}) is of no paid gift"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"gift_minor": 2401},
            ["$24.01 of its gift went back, $24.00 was paid for it"],
        ),
        (
            {"gift_minor": 2400, "cover_minor": 101},
            [
                "$1.01 of its fee cover went back, $1.00 was paid for it",
                "$25.01 of its gift and fee cover went back, $25.00 was paid for it",
            ],
        ),
        (
            {"gift_minor": 2501, "prior_year": True},
            ["$25.01 of its gift and fee cover went back, $25.00 was paid for it"],
        ),
    ],
)
def test_l12_part_refunded_beyond_itself_is_named(
    paid: Gift, now: datetime, parts: dict[str, Any], said: list[str]
) -> None:
    give_back(paid, now, **parts)

    assert findings() == {REFUNDED: [f"{paid.ref}: {words}" for words in said]}


def test_account_that_lost_its_funds_restriction_is_named(fund: Fund) -> None:
    account = Account.objects.get(purpose="contributions")
    as_owner("UPDATE ledger_account SET restriction = 'without' WHERE id = %s", account.pk)

    assert findings() == {
        "each fund's gifts are restricted as the fund is": [
            f"4010/fund:seed-collective in usd (account {account.pk}) is without, its fund purpose"
        ]
    }
