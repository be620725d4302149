"""The books name what the owner of the database did to seals, closes and months."""

from __future__ import annotations

from datetime import date

import pytest

from ledger import seal_checks
from ledger.models import Account, PeriodEvent, Seal
from ledger.operations.seal_entries import seal_all
from people.models import Organisation
from tests.ledger.closing import close, reopen
from tests.ledger.facts import accrual, entry, post, sale
from tests.ledger.raw import as_owner, check_at_commit, sql

OCTOBER = 202610


@pytest.fixture(autouse=True)
def closed(books: None) -> int:
    """October closed twice, with an entry by hand between; its last close."""
    Organisation.objects.update_or_create(pk=1, defaults={"display_name": "T"})
    post(sale(), accrual())
    close(OCTOBER)
    reopen(OCTOBER)
    post(entry("m:1", ("bank", "suspense", 5), kind="manual"))
    check_at_commit()
    return close(OCTOBER).event_id


def everything() -> list[str]:
    checks = (
        seal_checks.queue_is_whole,
        seal_checks.chain_holds,
        seal_checks.seals_are_over_their_entries,
        seal_checks.closes_add_up,
        seal_checks.closed_months_took_nothing,
        seal_checks.months_are_as_their_events_say,
    )
    return [finding for check in checks for finding in check()]


def test_honest_books_pass() -> None:
    assert everything() == []


@pytest.mark.parametrize("which", ["max", "min"])
def test_snapshot_that_was_changed_is_named_whether_its_close_holds_or_not(which: str) -> None:
    clearing = Account.objects.get(purpose="clearing").pk
    events = PeriodEvent.objects.filter(period_id=OCTOBER, kind="closed").order_by("id").values_list("pk", flat=True)
    event = (max if which == "max" else min)(events)

    as_owner(
        "UPDATE ledger_balancesnapshot SET debits_minor = 1 WHERE event_id = %s AND account_id = %s", event, clearing
    )

    assert everything() == [
        f"{OCTOBER} (event {event}), 1040 (account {clearing}): the snapshot has $0.01 and $0.00,"
        " the postings $51.86 and $0.00"
    ]


def test_balance_that_its_postings_do_not_explain_is_named(closed: int) -> None:
    assert list(seal_checks.balances_are_their_postings()) == []
    as_owner("UPDATE ledger_balancesnapshot SET debits_minor = 1 WHERE event_id = %s AND debits_minor = 5186", closed)

    assert list(seal_checks.balances_are_their_postings()) == [
        "1040 on 2026-10-31: the books say $0.01, its postings $51.86",
        "1040 now: the books say $0.01, its postings $51.86",
    ]


def test_snapshot_row_that_is_gone_or_made_up_is_named(closed: int) -> None:
    as_owner("DELETE FROM ledger_balancesnapshot WHERE event_id = %s AND debits_minor = 5186", closed)
    as_owner(
        "UPDATE ledger_balancesnapshot SET account_id = -account_id WHERE event_id = %s AND credits_minor = 864",
        closed,
    )

    found = everything()

    assert len(found) == 3
    assert "the snapshot has $0.00 and $0.00, the postings $51.86 and $0.00" in "".join(found)
    assert "an account that is gone: the snapshot has 0 and 864, the postings 0 and 0" in "".join(found)


def test_entry_moved_into_a_closed_month_is_named() -> None:
    [late] = post(sale("ch_nov", effective_on=date(2026, 11, 2)))
    seal_all()
    check_at_commit()
    as_owner("UPDATE ledger_posting SET effective_date = '2026-10-30' WHERE entry_id = %s", late.entry_id)
    as_owner("UPDATE ledger_entry SET effective_date = '2026-10-30' WHERE id = %s", late.entry_id)

    found = everything()

    assert f"sale stripe:charge:ch_nov:sale (entry {late.entry_id}) got into 202610 after it was closed" in found
    assert sum("the snapshot has" in finding for finding in found) == 5


@pytest.mark.parametrize(("age", "named"), [("4 minutes 59.8 seconds", 0), ("5 minutes 1 second", 1)])
def test_entry_waits_too_long_only_when_it_was_surely_committed_a_minute_before_the_look(age: str, named: int) -> None:
    """A transaction of four minutes, then a look at the books whose other checks took a while, are no alarm."""
    post(sale("ch_nov", effective_on=date(2026, 11, 2)))
    check_at_commit()
    as_owner(f"UPDATE ledger_entry SET recorded_at = now() - interval '{age}' WHERE source = 'order:1042'")
    sql("SELECT pg_sleep(0.3)")

    assert [finding[:33] for finding in seal_checks.nothing_waits_long()] == [
        "sale stripe:charge:ch_nov:sale (e"
    ] * named


def test_month_opened_past_the_two_persons_is_named() -> None:
    as_owner("UPDATE ledger_period SET state = 'open' WHERE yyyymm = 202610")
    as_owner("UPDATE ledger_period SET state = 'closed' WHERE yyyymm = 202611")

    found = list(seal_checks.months_are_as_their_events_say())

    assert found == ["202610 is open, but its events say closed", "202611 is closed, but its events say open"]


def test_seal_over_another_entry_and_entries_in_no_place_or_two_are_named() -> None:
    ids = dict(Seal.objects.values_list("seq", "entry_id"))
    as_owner("INSERT INTO ledger_unsealed (entry_id) VALUES (%s)", ids[1])
    as_owner("UPDATE ledger_seal SET entry_id = 0 WHERE seq = 2")

    found = everything()

    assert [finding.split(" (entry ")[-1] for finding in found if " (entry " in finding] == [
        f"{ids[1]}) is sealed and still waits for it",
        f"{ids[2]}) is not sealed and does not wait for it",
        f"{ids[2]}) got into 202610 after it was closed",
    ]
    assert "entry 0 is sealed or waits for its seal, and is gone" in found

    as_owner("UPDATE ledger_seal SET entry_id = %s WHERE seq = 1", ids[2])
    assert any(finding.startswith("seal 1 is not over ") for finding in everything())
