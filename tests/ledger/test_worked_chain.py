"""The worked chain of rules/ledger.md section 5, both branches, as the whole ledger stands after it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from ledger.queries import balance, trial_balance
from tests.ledger import story
from tests.ledger.facts import DAHLIAS_HOPE, accrual, balance_transaction, balances, post, sale

PAGES = Path(__file__).parent / "worked_chain"


def tell(*chapters: Iterator[story.Event]) -> list[story.Event]:
    events = list(chain.from_iterable(chapters))
    for _, drafts in events:
        for draft in drafts:  # one at a time, so that the ledger is in the order of the story
            post(draft)
    return events


def sums() -> tuple[int, int]:
    """The two columns of the trial balance: debit balances, credit balances."""
    amounts = [line.balance_minor for line in trial_balance()]
    return sum(amount for amount in amounts if amount > 0), -sum(amount for amount in amounts if amount < 0)


def assert_is_the_page(name: str, events: list[story.Event], tmp_path: Path) -> None:
    now = tmp_path / name
    now.write_text(story.ledger_as_text(events))

    assert now.read_text() == (PAGES / name).read_text(), f"if this is right now, copy {now} over {PAGES / name}"


@pytest.mark.usefixtures("books")
def test_sale_stands_in_clearing_until_the_processor_tells_of_it() -> None:
    post(sale(), accrual())
    before = balance("clearing")

    post(balance_transaction())

    assert before == 5186
    assert balances() == {
        "1050": 5006,
        "2110/partner:1": -864,
        "2310": -366,
        "4510": -4800,
        "4520": 480,
        "4530": -500,
        "5110": 864,
        "6110": 180,
    }


@pytest.mark.usefixtures("books")
def test_whole_ledger_when_the_dispute_is_won(tmp_path: Path) -> None:
    events = tell(story.until_the_partners_are_paid(), story.dispute_won())

    assert_is_the_page("won.txt", events, tmp_path)
    assert sums() == (19042, 19042)
    assert balances() == {
        "1010": 5475,
        "1050": 3506,
        "4520": 960,
        "4540": 1666,
        "5110": 5395,
        "6110": 540,
        "6120": 1500,
        "2110/partner:1": -864,
        "2110/partner:2": -2000,
        "2310": -591,
        "4010/fund:seed-collective": -5000,
        "4015": -180,
        "4510": -9600,
        "4530": -807,
    }


@pytest.mark.usefixtures("books")
def test_whole_ledger_when_the_dispute_is_lost(tmp_path: Path) -> None:
    events = tell(story.until_the_partners_are_paid(), story.dispute_lost())

    assert sums() == (18992, 18992)
    assert balances() == {
        "1010": 5475,
        "4520": 960,
        "4540": 1666,
        "4550": 4320,
        "5110": 4531,
        "6110": 540,
        "6120": 1500,
        "1050": -1680,
        "2110/partner:2": -2000,
        "2310": -225,
        "4010/fund:seed-collective": -5000,
        "4015": -180,
        "4510": -9600,
        "4530": -307,
    }

    events += tell(story.rest_refunded())

    assert_is_the_page("lost.txt", events, tmp_path)
    assert sums() == (21646, 21646)
    assert (balance("payable", DAHLIAS_HOPE), balance("allocations")) == (531, 4000)


@pytest.mark.usefixtures("books")
def test_partner_who_owes_us_is_paid_less_of_the_next_share() -> None:
    tell(story.until_the_partners_are_paid(), story.dispute_lost(), story.rest_refunded())

    post(accrual("allocation:9"))

    assert balance("payable", DAHLIAS_HOPE) == -333


@pytest.mark.usefixtures("books")
def test_dispute_holds_the_share_and_may_take_more_than_the_processor_has() -> None:
    """Acceptance case 7 (rules/ledger.md section 11)."""
    seen = {}
    for words, drafts in story.until_the_partners_are_paid():
        post(*drafts)
        seen[words[:3].strip()] = (
            balance("stripe_balance"),
            -balance("payable", DAHLIAS_HOPE),
            -balance("held", DAHLIAS_HOPE),
        )

    assert seen["E4"] == (0, 2531, 0)
    assert seen["E5a"] == (5006, 3395, 0)
    assert seen["E6"] == (-1680, 3395, 0)
    assert seen["E6a"] == (-1680, 2531, 864)

    tell(story.dispute_won())

    assert (balance("stripe_balance"), balance("dispute_fees")) == (3506, 1500)
    assert (balance("payable", DAHLIAS_HOPE), balance("held", DAHLIAS_HOPE)) == (-864, 0)
