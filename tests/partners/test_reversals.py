"""What refunds take back of shares: any series of them, to the last cent, and a partner that was paid before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import queries as books
from ledger.splitting import split
from partners.models import Agreement, Allocation, AllocationReversal, BankAccount, Hold, Match
from partners.operations.allocate import ShareLine, allocate
from partners.operations.hold_shares import hold_shares
from partners.operations.release_shares import release_shares
from partners.operations.reverse_shares import reverse_shares
from partners.operations.settle_matches import settle_matches
from partners.queries import owed, shares_of, totals
from people.models import User
from tests.green_books import what_is_wrong
from tests.partners.conftest import NOW
from tests.partners.money import earn
from tests.partners.test_payouts import sent, state_of, statement

pytestmark = pytest.mark.django_db
AT = NOW - timedelta(days=1)


def share_of(valor: Agreement, paid: list[int]) -> Allocation:
    lines = [
        ShareLine(
            line_ref=f"order_line:{i}", label="Valor", design="Valor", units=1, basis_minor=amount, paid_minor=amount,
            agreement_ids=(valor.pk,),
        )
        for i, amount in enumerate(paid)
    ]  # fmt: skip
    source = f"order:{Allocation.objects.count() + 100}"
    charge_ref = f"stripe:charge:ch_{source.partition(':')[2]}"
    at = NOW - timedelta(days=2)
    about = {"source": source, "charge_ref": charge_ref, "currency": "usd"}
    return allocate(**about, lines=lines, bound_at=at, earned_at=at, now=NOW)[0]


def take_back(share: Allocation, cause: str, **refunded: int) -> list[AllocationReversal]:
    refs = {f"order_line:{number.removeprefix('line')}": amount for number, amount in refunded.items()}
    about = {"source": share.source, "charge_ref": share.charge_ref, "cause": cause}
    return reverse_shares(**about, refunded_minor=refs, at=AT, now=NOW)


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_series_of_refunds_takes_back_exactly_the_share_in_the_end(valor: Agreement, data: st.DataObject) -> None:
    paid = data.draw(st.lists(st.integers(1, 9999), min_size=1, max_size=3))
    share = share_of(valor, paid)
    back, reversed_minor = [0] * len(paid), 0

    while back != paid:
        left = [whole - gone for whole, gone in zip(paid, back, strict=True)]
        step = data.draw(st.integers(1, sum(left))) if data.draw(st.booleans()) else sum(left)
        back = [gone + part for gone, part in zip(back, split(step, left), strict=True)]
        rows = take_back(share, f"refund {back}", **{f"line{i}": gone for i, gone in enumerate(back)})
        assert all(row.amount_minor > 0 for row in rows)
        reversed_minor += sum(row.amount_minor for row in rows)
        assert reversed_minor * sum(paid) <= share.amount_minor * sum(back)  # never more than it justifies

    assert reversed_minor == share.amount_minor


def test_the_same_cause_takes_back_once(valor: Agreement) -> None:
    share = share_of(valor, [4320])

    first, again = (take_back(share, "stripe:refund:re_1", line0=1666) for _ in range(2))

    assert [row.amount_minor for row in first] == [333]
    assert first == again
    assert AllocationReversal.objects.count() == 1


def test_three_thirds_of_a_share_lose_no_cent(valor: Agreement) -> None:
    """R4: each third rounded by itself would take back 666 of 667."""
    share = share_of(valor, [3335])
    assert share.amount_minor == 667

    taken = [sum(row.amount_minor for row in take_back(share, f"r{gone}", line0=gone)) for gone in (1111, 2222, 3335)]

    assert taken == [222, 222, 223]


def test_a_dispute_holds_what_losing_it_takes_and_a_win_gives_it_back(valor: Agreement) -> None:
    share = share_of(valor, [4320])
    about = {"source": share.source, "charge_ref": share.charge_ref, "cause": "stripe:dispute:dp_1"}
    hold_shares(**about, refunded_minor={}, disputed_minor={"order_line:0": 4320}, at=AT, now=NOW)
    held = (books.balance("held", valor.partner.owner), books.balance("payable", valor.partner.owner))

    for _ in range(2):
        release_shares(**about, at=AT, now=NOW)

    assert held == (-864, 0)
    assert (books.balance("held", valor.partner.owner), books.balance("payable", valor.partner.owner)) == (0, -864)
    assert Hold.objects.get().released_entry is not None


def test_a_lost_dispute_uses_up_what_is_held_and_releases_the_rest(valor: Agreement) -> None:
    share = share_of(valor, [4320])
    about = {"source": share.source, "charge_ref": share.charge_ref, "cause": "stripe:dispute:dp_1"}
    hold_shares(**about, refunded_minor={}, disputed_minor={"order_line:0": 4320}, at=AT, now=NOW)

    (row,) = take_back(share, "stripe:dispute:dp_1", line0=4000)

    assert (row.amount_minor, row.was_held) == (800, True)
    assert (books.balance("held", valor.partner.owner), books.balance("payable", valor.partner.owner)) == (0, -64)


def test_what_is_taken_back_after_the_partner_was_paid_is_carried_forward(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    """rules/shop.md case 10: 855 was paid and is taken back; 500 new pay nothing, 1200 more pay 845."""
    first = earn(valor, 4275, 1)
    earn(valor, 21600, 2)
    payout = sent(ana, ben).payouts.get()
    statement(checking, ana, f"2026-10-20,ACH {payout.reference},-51.75")
    settle_matches(match_ids=[Match.objects.get().pk], by=ben, now=NOW)
    reverse_shares(
        source=first.source, charge_ref=first.charge_ref, cause="stripe:dispute:dp_1",
        refunded_minor={"order_line:1": 4275}, at=AT, now=NOW,
    )  # fmt: skip

    earn(valor, 2500, 3)
    assert (owed(valor.partner), state_of(valor.partner).why_not) == (
        -355,
        "The account is in our favour; carried forward.",
    )
    earn(valor, 20000, 4)

    assert state_of(valor.partner).eligible_minor == 3645
    assert sent(ana, ben).payouts.get().amount_minor == 3645
    assert totals(valor.partner).taken_back_minor == 855
    assert what_is_wrong() == []


def test_a_young_share_taken_back_does_not_lower_what_can_be_paid(valor: Agreement) -> None:
    earn(valor, 25000, 1)
    young = earn(valor, 5000, 2, days_ago=3)
    reverse_shares(
        source=young.source, charge_ref=young.charge_ref, cause="stripe:refund:re_1",
        refunded_minor={"order_line:2": 5000}, at=AT, now=NOW,
    )  # fmt: skip

    state = state_of(valor.partner)

    assert (state.payable_minor, state.eligible_minor, state.too_young_minor, state.other_minor) == (5000, 5000, 0, 0)
    assert shares_of(young.source)[0].net_minor == 0
