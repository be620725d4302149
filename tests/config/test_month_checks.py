"""A month is not closed while a sale or a gift of it has not brought each agreement its share."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from config import month_checks
from config.month_checks import every_source_allocated
from donations.models import Gift
from donations.operations.define_fund import define_fund
from donations.operations.record_gift import record_gift
from ledger import month_checks as registry
from partners.models import Agreement, Allocation, BankAccount, BankStatement, Partner
from partners.operations.accrue_waiting import accrue_waiting
from partners.operations.end_agreement_early import end_agreement_early
from partners.terms import FeeEstimate
from payments.models import BalanceTransaction, Charge
from people.models import User
from shop.models import Order
from shop.operations.mark_order_paid import mark_order_paid
from tests.donations.conftest import checkout_paid
from tests.ledger.raw import as_owner
from tests.shop.conftest import NOW, make_shelf, paid_fact, placed_order, promise

pytestmark = pytest.mark.django_db
OCTOBER = 202610


@pytest.fixture(autouse=True)
def shelf(db: None) -> None:
    make_shelf()


def paid_order(**quantities: int) -> Order:
    order = placed_order(**quantities).order
    mark_order_paid(paid_fact(order), now=NOW)
    return order


def paid_gift(number: int = 1, at: Any = NOW) -> Gift:
    """$25.00 to the Seed Collective, which promises 40% each to two partners."""
    fund = define_fund(slug="seed-collective", name="Seed Collective", purpose="Seeds.", tiers_minor=[2500])
    gift = Gift.objects.create(
        attempt_key=f"gift:{number}", token_hash=f"{number:064}", email="ada@example.org", fund=fund,
        charged_minor=2500, currency="usd", asked_at=at,
    )  # fmt: skip
    record_gift(checkout_paid(gift, at, charge_ref=f"stripe:charge:ch_gift_{number}"), now=NOW)
    return gift


@pytest.fixture
def seed() -> list[Agreement]:
    fields: dict[str, Any] = {"rate_num": 40, "stacking_set": "seed-40-40"}
    return [promise(partner, "fund:seed-collective", **fields) for partner in Partner.objects.order_by("pk")]


def findings(yyyymm: int = OCTOBER) -> list[str]:
    return [found for found in every_source_allocated(yyyymm) if isinstance(found, str)]


def counted() -> tuple[tuple[str, ...], ...]:
    (figures,) = [found for found in every_source_allocated(OCTOBER) if isinstance(found, registry.Figures)]
    return figures.rows


def forget(source: str, agreement: Agreement | None = None) -> None:
    """As if allocating had died in between, which it cannot: an owner's hand past every guard."""
    rows = Allocation.objects.filter(source=source)
    for row in rows.filter(agreement=agreement) if agreement else rows:
        as_owner("DELETE FROM partners_allocationline WHERE allocation_id = %s", row.pk)
        as_owner("DELETE FROM partners_allocation WHERE id = %s", row.pk)


def test_what_packages_want_of_a_month_is_registered() -> None:
    assert {check.name for check in registry.registered() if not check.of_the_books} == {
        "no exception is older than its limit",
        "the trial balance is exported",
        "the bank's lines are imported to the end of the month",
        "each Stripe payout of the month is matched at the bank, or listed with a reason",
        "each paid source has brought each agreement its share",
    }
    assert {check.code for check in registry.registered()} == {*(f"L{number}" for number in range(1, 14)), ""}


def test_a_month_of_orders_and_gifts_is_allocated(seed: list[Agreement]) -> None:
    paid_order(VALOR_DARK=2, REHOPE=1, PLAIN=1)
    paid_order(PLAIN=1)
    paid_gift()

    assert Allocation.objects.count() == 4
    assert findings() == []


def test_count_and_sum_stand_by_agreement() -> None:
    order = paid_order(VALOR_DARK=2, REHOPE=1)
    paid_order(VALOR_DARK=1)
    forget(order.ref, Agreement.objects.get(scope_key="product:valor-tassel-earrings"))

    assert counted() == (
        ("Dahlia's Hope: 20% of these designs, version 1", "2", "$14.40", "1", "$4.80"),
        (
            "Restoration House KC: 20% of these designs, version 1",
            "1",
            "$5.60",
            "1",
            "$5.60",
        ),
    )


def test_an_order_without_its_share_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_checks, "AT_ONCE", 1)
    paid_order(VALOR_DARK=1)
    order = paid_order(VALOR_DARK=2, REHOPE=1)
    paid_order(REHOPE=1)
    valor = Agreement.objects.get(scope_key="product:valor-tassel-earrings")
    forget(order.ref, valor)

    assert findings() == [f"{order.ref} owes 960 by {valor}, allocated is nothing"]
    assert findings(202609) == findings(202611) == []


def test_a_share_of_another_amount_and_one_that_nothing_owes_are_named() -> None:
    order, plain = paid_order(VALOR_DARK=2), paid_order(PLAIN=1)
    row = Allocation.objects.get()
    as_owner("UPDATE partners_allocation SET amount_minor = 959 WHERE id = %s", row.pk)
    Allocation.objects.create(
        agreement=row.agreement, source=plain.ref, charge_ref=f"stripe:charge:ch_{plain.pk}", paid_minor=1500,
        basis_minor=1500, uncapped_minor=0, amount_minor=0, currency="usd", bound_on=date(2026, 10, 20),
        earned_at=NOW, earned_on=date(2026, 10, 20),
    )  # fmt: skip

    assert findings() == [
        f"{order.ref} owes 960 by {row.agreement}, allocated is 959",
        f"{plain.ref} owes nothing by {row.agreement}, allocated is 0",
    ]


def test_a_gift_without_one_or_all_of_its_shares_is_named(seed: list[Agreement]) -> None:
    gift, other = paid_gift(1), paid_gift(2)
    forget(gift.ref, seed[0])
    forget(other.ref)

    assert findings() == [
        f"{gift.ref} owes 1000 by {seed[0]}, allocated is nothing",
        f"{other.ref} owes 1000 by {seed[0]}, allocated is nothing",
        f"{other.ref} owes 1000 by {seed[1]}, allocated is nothing",
    ]


def test_a_promise_that_ended_later_that_day_keeps_no_month_open(seed: list[Agreement]) -> None:
    hope = Partner.objects.order_by("pk")[0]
    promise(hope, "gifts", rate_num=10)
    paid_gift()
    ben = User.objects.get(email="ben@tassel.example")
    for agreement in seed:
        end_agreement_early(agreement_id=agreement.pk, ends_on=date(2026, 10, 19), by=ben, now=NOW)

    assert findings() == []
    as_owner("UPDATE partners_allocation SET amount_minor = 999 WHERE agreement_id = %s", seed[0].pk)
    assert findings() == [f"gift:{Gift.objects.get().pk} owes 1000 by {seed[0]}, allocated is 999"]


def test_a_promise_approved_after_the_charge_binds_no_gift(seed: list[Agreement]) -> None:
    gift = paid_gift(at=NOW - timedelta(hours=1))
    forget(gift.ref)

    assert findings() == []


@pytest.mark.parametrize(
    ("first_on", "last_on", "open_up_to"),
    [
        (date(2026, 10, 1), date(2026, 10, 31), None),
        (date(2026, 9, 1), date(2026, 11, 2), None),
        (date(2026, 11, 1), date(2026, 11, 2), None),
        (date(2026, 10, 1), date(2026, 10, 30), "2026-10-30"),
    ],
)
def test_the_banks_lines_reach_the_end_of_the_month(first_on: date, last_on: date, open_up_to: str | None) -> None:
    check = next(check for check in registry.registered() if "lines are imported" in check.name)
    account = BankAccount.objects.create(name="Checking", last4="1234")
    BankAccount.objects.create(name="Never imported")
    BankStatement.objects.create(
        account=account, sha256="0" * 64, file_name="bank.csv", first_on=first_on, last_on=last_on,
        imported_by=User.objects.get(email="ana@tassel.example"), imported_at=NOW,
    )  # fmt: skip

    assert [finding.removeprefix(f"not so: {check.name}: ") for finding in check(OCTOBER)] == (
        [f"Checking (1234) is known up to {open_up_to} only: import its lines up to 2026-10-31 or later"]
        if open_up_to
        else []
    )


def test_a_share_that_waits_for_its_card_fee_keeps_the_month_open() -> None:
    partner = Partner.objects.create(slug="more", name="More")
    promise(partner, "product:plain-tassel-earrings", basis="net_of_fees", fee_estimate=FeeEstimate(290, 30))
    order = paid_order(PLAIN=1)
    (waits,) = findings()
    assert "allocated is nothing" in waits

    settle_charge_of(order, fee_minor=74)
    accrue_waiting(now=NOW)

    assert findings() == []
    assert Allocation.objects.get(source=order.ref).basis_minor == 1426


def settle_charge_of(order: Order, *, fee_minor: int) -> None:
    """Stripe's balance transaction of the charge that paid this order."""
    order.refresh_from_db()
    charge = Charge.objects.get(charge_id=order.charge_ref.rpartition(":")[2])
    BalanceTransaction.objects.create(
        bt_id=f"txn_{charge.charge_id}", charge=charge, type="charge", category="charge", problem="not_posted",
        amount_minor=charge.amount_minor, fee_minor=fee_minor, currency="usd", created_at=NOW, available_at=NOW,
    )  # fmt: skip
