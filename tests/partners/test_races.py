"""Real connections: what two people or two deliveries do at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from ledger import queries as books
from partners.models import Agreement, AgreementTotal, Allocation, CapSource, Partner, PayoutBatch
from partners.operations.activate_agreement import AgreementsMeet, activate_agreement
from partners.operations.allocate import ShareLine, allocate
from partners.operations.propose_batch import NothingEligible, propose_batch
from partners.operations.release_room import release_room
from partners.operations.reserve_room import reserve_room
from partners.operations.reverse_shares import reverse_shares
from partners.operations.top_up_minimums import top_up_minimums
from partners.terms import Limits
from people.models import User
from tests.green_books import what_is_wrong
from tests.partners.conftest import NOW, active, signed
from tests.partners.money import earn
from tests.partners.test_payouts import TODAY

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Run the steps together on connections of their own; a raised exception is the result."""
    barrier = Barrier(len(steps))

    def run(step: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return step()
        except Exception as error:  # noqa: BLE001 - the test looks at what was raised
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def test_one_payment_told_eight_times_is_one_allocation(valor: Agreement) -> None:
    line = ShareLine("order_line:1", "2 x Valor, Dark", "Valor tassel earrings", 2, 4800, 4800, (valor.pk,))

    def tell() -> int:
        with transaction.atomic():
            (row,) = allocate(
                source="order:1",
                charge_ref="stripe:charge:ch_1",
                currency="usd",
                lines=[line],
                bound_at=NOW,
                earned_at=NOW,
                now=NOW,
            )
        return row.pk

    results = at_once(*[tell] * 8)

    assert set(results) == {Allocation.objects.get().pk}
    assert books.balance("payable", valor.partner.owner) == -960


def test_two_proposals_at_once_claim_a_share_once(valor: Agreement, ana: User, ben: User) -> None:
    earn(valor, 20000)

    results = at_once(
        *[lambda who=who: propose_batch(by=who, as_of=TODAY, currency="usd", now=NOW) for who in (ana, ben)]
    )

    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [NothingEligible]
    assert PayoutBatch.objects.count() == 1


def test_a_rival_promise_waits_for_the_one_before_it(
    dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User
) -> None:
    first, second = (signed(partner, ana).pk for partner in (dahlias_hope, restoration_house))

    def activate_second() -> None:
        try:
            activate_agreement(agreement_id=second, by=ben, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            activate_agreement(agreement_id=first, by=ben, now=NOW)
            rival = pool.submit(activate_second)
            with pytest.raises(TimeoutError):
                rival.result(timeout=0.5)
        with pytest.raises(AgreementsMeet):
            rival.result(timeout=10)

    assert Agreement.objects.get(state="active").pk == first


def test_sixteen_rivals_under_one_cap_take_exactly_what_there_is(dahlias_hope: Partner, ana: User, ben: User) -> None:
    """Payments, checkouts that reserve and give back, and refunds at once: the books end at the cap, to the cent."""
    agreement = active(dahlias_hope, ana, ben, limits=Limits(cap_minor=1000))

    def sold(number: int) -> ShareLine:
        return ShareLine(f"order_line:{number}", "Valor", "Valor", 1, 1000 + number, 1000 + number, (agreement.pk,))

    def pay(number: int) -> None:
        with transaction.atomic():
            allocate(
                source=f"order:{number}", charge_ref=f"stripe:charge:ch_{number}", currency="usd",
                lines=[sold(number)], bound_at=NOW, earned_at=NOW, now=NOW,
            )  # fmt: skip

    def give_back(number: int) -> None:
        with transaction.atomic():
            reverse_shares(
                source=f"order:{number}", charge_ref=f"stripe:charge:ch_{number}", cause=f"stripe:refund:re_{number}",
                refunded_minor={f"order_line:{number}": 700}, at=NOW, now=NOW,
            )  # fmt: skip

    def leave(number: int) -> None:
        with transaction.atomic():
            reserve_room(source=f"order:{number}", lines=[sold(number)], bound_at=NOW)
        with transaction.atomic():
            release_room(source=f"order:{number}", bound_at=NOW, now=NOW)

    for number in (1, 2, 3):
        pay(number)
    rivals = [*[lambda n=n: pay(n) for n in range(4, 10)], *[lambda n=n: give_back(n) for n in (1, 2, 3)]]
    results = at_once(*rivals, *[lambda n=n: leave(n) for n in range(10, 14)], *rivals[:3])

    assert results == [None] * 16
    assert books.balance("payable", dahlias_hope.owner) == -1000
    assert what_is_wrong() == []
    total = AgreementTotal.objects.get()
    assert total.net_minor == sum(place.counted_minor for place in CapSource.objects.all()) > 1000


def test_a_minimum_is_topped_up_once(dahlias_hope: Partner, ana: User, ben: User) -> None:
    days = {"starts_on": date(2026, 9, 1), "ends_on": date(2026, 9, 30)}
    active(dahlias_hope, ana, ben, limits=Limits(minimum_minor=1000), **days)

    results = at_once(*[lambda: top_up_minimums(now=NOW)] * 4)

    assert sorted(results) == [0, 0, 0, 1]
    assert books.balance("payable", dahlias_hope.owner) == -1000
