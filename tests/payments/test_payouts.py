"""A payout is known as Stripe has it, posts by its balance transactions alone, and is the sum of its parts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.models import Entry, ReconciliationException
from ledger.queries import balance
from payments.books import CHECKS
from payments.models import BalanceTransaction, StripePayout
from payments.operations import ask_unfinished
from payments.operations.ask_unfinished import ask_payouts, ask_unposted
from payments.operations.follow_object import follow_object
from payments.operations.list_balance_transactions import list_balance_transactions
from payments.readers import read_payout
from people import clock
from tests.payments.conftest import NOW
from tests.payments.fake_stripe import FakeStripe, balance_transaction, error, payout, payout_transaction

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "told")]


def look(payout_id: str = "po_1") -> StripePayout:
    follow_object(reader=read_payout, object_id=payout_id, at=NOW, now=NOW)
    return StripePayout.objects.get(payout_id=payout_id)


def back(**changes: Any) -> dict[str, Any]:
    figures = {"amount": 4631, "net": 4631, "type": "payout_failure", "reporting_category": "payout_reversal"}
    return payout_transaction("txn_back", **figures, **changes)


def named() -> list[tuple[str, str, int | None]]:
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True).order_by("id")
    return [(row.kind, row.subject, row.amount_minor) for row in rows]


def found() -> dict[str, list[str]]:
    return {check.name: found for check in CHECKS if (found := list(check.find()))}


def money() -> tuple[int, int]:
    return balance("stripe_balance"), balance("in_transit")


def test_it_is_kept_as_stripe_has_it(fake: FakeStripe) -> None:
    trace = {"status": "supported", "value": "0912"}
    fake.put(payout(balance_transaction=payout_transaction(), status="paid", trace_id=trace, reversed_by="po_2"))

    kept = look()

    assert (kept.amount_minor, kept.currency, kept.status, kept.method) == (4631, "usd", "paid", "standard")
    assert (kept.automatic, kept.reconciliation_status, kept.arrival_on) == (True, "in_progress", date(2026, 10, 28))
    assert (kept.trace_id, kept.bt_id, kept.failure_bt_id, kept.reversed_by_id) == ("0912", "txn_po_1", "", "po_2")
    assert kept.ref == "stripe:payout:po_1"


def test_only_its_balance_transactions_post(fake: FakeStripe) -> None:
    fake.put(payout())
    look()
    assert not Entry.objects.exists()

    fake.put(payout(balance_transaction=payout_transaction()))
    for _ in range(2):
        look()

    assert money() == (-4631, 4631)
    assert Entry.objects.get().idempotency_key == "stripe:bt:txn_po_1"


def test_it_fails_after_it_was_paid_and_the_money_is_back(fake: FakeStripe) -> None:
    fake.put(payout(balance_transaction=payout_transaction(), status="paid"))
    assert look().status == "paid"

    fake.put(
        payout(
            balance_transaction=payout_transaction(),
            failure_balance_transaction=back(),
            status="failed",
            failure_code="account_closed",
        )
    )
    kept = look()

    assert (kept.status, kept.failure_code, kept.failure_bt_id) == ("failed", "account_closed", "txn_back")
    assert money() == (0, 0)
    assert Entry.objects.count() == 2


def test_below_zero_it_debits_our_bank(fake: FakeStripe) -> None:
    own = payout_transaction(amount=1680, net=1680)
    fake.put(payout(amount=-1680, balance_transaction=own))

    assert look().amount_minor == -1680

    assert money() == (1680, -1680)


def reconciled(fake: FakeStripe, *, fee: int = 169, **changes: Any) -> None:
    own, part = payout_transaction(), balance_transaction(fee=fee, net=4800 - fee)
    fake.put(own)
    fake.put(part)
    done = {"balance_transaction": own, "reconciliation_status": "completed", "contents": (own["id"], part["id"])}
    fake.put(payout(**(done | changes)))


def test_its_parts_are_listed_once_it_is_reconciled_and_come_to_it(fake: FakeStripe) -> None:
    reconciled(fake, reconciliation_status="in_progress")
    look()
    assert not BalanceTransaction.objects.filter(payout__isnull=False).exists()

    reconciled(fake)
    kept = look()

    assert set(kept.contents.values_list("bt_id", flat=True)) == {"txn_1", "txn_po_1"}
    assert (money(), named(), found()) == ((0, 4631), [], {})


@pytest.mark.parametrize(("fee", "difference", "said"), [(168, 1, "$46.32"), (170, -1, "$46.30")])
def test_parts_that_miss_it_by_a_cent_are_named_until_they_do_not(
    fake: FakeStripe, fee: int, difference: int, said: str
) -> None:
    reconciled(fake, fee=fee)
    look()
    assert named() == [("stripe_payout_differs", "stripe:payout:po_1", difference)]
    sentence = f"stripe:payout:po_1: a payout of $46.31, made of {said}"
    assert found()["each Stripe payout is the sum of its parts"] == [sentence]

    rest = balance_transaction(
        "txn_2", amount=-difference, fee=0, net=-difference, reporting_category="fee", source=None
    )
    fake.put(rest)
    fake.objects["po_1"]["_contents"] += ("txn_2",)
    look()

    assert named() == []
    assert found().get("each Stripe payout is the sum of its parts") is None


def test_what_brought_an_earlier_payout_back_is_a_part_of_the_next(fake: FakeStripe) -> None:
    fake.put(payout("po_0", balance_transaction=payout_transaction("txn_po_0", source="po_0"), status="failed"))
    look("po_0")
    came_back, own = back(source="po_0"), payout_transaction()
    fake.put(came_back)
    fake.put(own)
    fake.put(payout(balance_transaction=own, reconciliation_status="completed", contents=("txn_back", "txn_po_1")))

    look()

    assert named() == []
    assert money() == (-4631, 4631)


def test_a_manual_payout_is_never_itemised(fake: FakeStripe) -> None:
    own = payout_transaction()
    fake.put(payout(balance_transaction=own, automatic=False, reconciliation_status="not_applicable"))

    look()

    assert not any(path == "/v1/balance_transactions" for _, path, _ in fake.requests)
    assert named() == [] and "each Stripe payout is the sum of its parts" not in found()


def test_a_payout_of_which_no_event_came_is_asked_for(fake: FakeStripe) -> None:
    own = payout_transaction(created=int(NOW.timestamp()))
    fake.put(own)
    fake.put(payout(balance_transaction=own, status="paid", reconciliation_status="not_applicable", automatic=False))
    list_balance_transactions(now=NOW)

    assert ask_payouts(now=NOW) == 1
    assert StripePayout.objects.get().status == "paid"
    assert ask_payouts(now=NOW) == 0


def test_a_failure_of_which_no_event_came_is_asked_for(fake: FakeStripe) -> None:
    final = {"automatic": False, "reconciliation_status": "not_applicable"}
    fake.put(payout(balance_transaction=payout_transaction(), status="paid", **final))
    look()
    came_back = back(created=int(NOW.timestamp()))
    fake.put(came_back)
    failed = {"failure_balance_transaction": came_back, "status": "failed", "failure_code": "no_account"}
    fake.put(payout(balance_transaction=payout_transaction(), **failed, **final))
    list_balance_transactions(now=NOW)

    assert ask_payouts(now=NOW) == 1

    assert StripePayout.objects.get().status == "failed"
    assert ask_payouts(now=NOW) == 0


def test_what_is_under_way_is_asked_about_once_an_hour(fake: FakeStripe) -> None:
    fake.put(payout(balance_transaction=payout_transaction()))
    look()
    assert (ask_payouts(now=NOW), ask_payouts(now=NOW)) == (1, 0)

    StripePayout.objects.update(asked_at=clock.wall_now() - timedelta(hours=1, seconds=1))

    assert ask_payouts(now=NOW) == 1


def test_one_that_stripe_does_not_answer_for_stops_no_other(fake: FakeStripe) -> None:
    for number in (1, 2):
        own = payout_transaction(f"txn_po_{number}", source=f"po_{number}", created=int(NOW.timestamp()))
        fake.put(own)
        fake.put(payout(f"po_{number}", balance_transaction=own))
    list_balance_transactions(now=NOW)
    fake.faults.append(lambda: error(404, "resource_missing"))

    assert ask_payouts(now=NOW) == 1
    assert StripePayout.objects.get().payout_id == "po_1"


def test_payouts_that_cannot_be_answered_for_starve_no_other(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask_unfinished, "AT_ONCE", 2)
    for number in range(5):
        own = payout_transaction(f"txn_po_{number}", source=f"po_{number}", created=int(NOW.timestamp()))
        fake.put(own)
    fake.put(payout("po_0", balance_transaction=fake.objects["txn_po_0"]))
    list_balance_transactions(now=NOW)

    assert [ask_payouts(now=NOW) for _ in range(3)] == [0, 0, 1]


def test_what_is_stuck_starves_nothing_that_is_not(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        fake.put(balance_transaction(f"txn_{number}", net=4632, source=None, created=int(NOW.timestamp())))
    list_balance_transactions(now=NOW)
    fake.put(balance_transaction("txn_2", source=None))
    monkeypatch.setattr(ask_unfinished.time, "monotonic", iter(range(100)).__next__)

    for _ in range(3):
        ask_unposted(now=NOW, work_for_s=1)  # time for one question

    assert list(BalanceTransaction.objects.exclude(problem="").values_list("bt_id", flat=True)) == ["txn_0", "txn_1"]


def test_what_could_not_be_posted_is_looked_at_again(fake: FakeStripe) -> None:
    fake.put(balance_transaction(net=4632, created=int(NOW.timestamp())))
    list_balance_transactions(now=NOW)
    assert found() == {
        "the Stripe balance is what Stripe booked": [
            "usd: the books hold $0.00 at the processor, its balance transactions come to $46.31"
        ]
    }

    fake.put(balance_transaction())
    assert ask_unposted(now=NOW) == 1

    assert (balance("stripe_balance"), named(), found()) == (4631, [], {})
    assert ask_unposted(now=NOW) == 0


def test_an_unposted_one_that_nobody_is_told_of_is_a_fault_of_the_books(fake: FakeStripe) -> None:
    fake.put(balance_transaction(net=4632, created=int(NOW.timestamp())))
    list_balance_transactions(now=NOW)
    ReconciliationException.objects.update(resolution="gone", resolved_at=NOW)

    assert found()["each balance transaction has its entry"] == [
        "stripe:bt:txn_1: the processor says $46.31, the books moved its balance by nothing"
    ]
