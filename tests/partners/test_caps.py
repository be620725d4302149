"""Caps and minimums on real rows: what is let through, what a refund gives to whom, and what is added in the end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import queries as books
from ledger.splitting import reversed_to_date, share
from partners.books import CHECKS
from partners.disclosure import gift_sentence, promise_sentence
from partners.models import AgreementTotal, Allocation, AllocationReversal, CapSource, Hold, Partner
from partners.models.agreements import Agreement
from partners.operations.activate_agreement import OtherLimits
from partners.operations.end_agreement_early import end_agreement_early
from partners.operations.hold_shares import hold_shares
from partners.operations.prepare_agreement import BadAgreement
from partners.operations.release_room import Outcome, release_room
from partners.operations.release_shares import release_shares
from partners.operations.reserve_room import reserve_room
from partners.operations.reverse_shares import reverse_shares
from partners.operations.top_up_minimums import top_up_minimums
from partners.queries import promise_of, promises_for, promises_of, shares_of, totals
from partners.queries.reversals import would_take_back
from partners.terms import Limits
from people.models import User
from tests.green_books import what_is_wrong
from tests.ledger.raw import as_owner
from tests.partners.conftest import NOW, active, draft
from tests.partners.test_allocate import line, pay
from tests.partners.test_payouts import state_of

pytestmark = pytest.mark.django_db
VALOR = ["product:valor-tassel-earrings", "shop"]


@pytest.fixture
def capped(dahlias_hope: Partner, ana: User, ben: User) -> Agreement:
    """20% of Valor, up to $10.00 in total."""
    return active(dahlias_hope, ana, ben, limits=Limits(cap_minor=1000))


def order(agreement: Agreement, number: int, paid: int, **fields: Any) -> Allocation:
    sold = line(agreement, paid, f"order_line:{number}", **fields)
    return pay(sold, source=f"order:{number}", charge=f"stripe:charge:ch_{number}")[0]


def refund(number: int, gone: int, cause: str = "") -> list[AllocationReversal]:
    with transaction.atomic():
        return reverse_shares(
            source=f"order:{number}", charge_ref=f"stripe:charge:ch_{number}",
            cause=cause or f"stripe:refund:re_{number}_{gone}", refunded_minor={f"order_line:{number}": gone},
            at=NOW, now=NOW,
        )  # fmt: skip


def standing(number: int) -> int:
    """What the books hold of an order's share."""
    return sum(one.net_minor for one in shares_of(f"order:{number}"))


def owed(agreement: Agreement) -> int:
    return -books.balance("payable", agreement.partner.owner)


def reserve(agreement: Agreement, number: int, net: int) -> set[int]:
    return reserve_room(source=f"order:{number}", lines=[line(agreement, net, f"order_line:{number}")], bound_at=NOW)


def test_a_cap_lets_through_what_there_is_room_for(capped: Agreement) -> None:
    shares = [order(capped, number, 4000) for number in (1, 2, 3)]

    assert [(one.amount_minor, one.uncapped_minor) for one in shares] == [(800, 800), (200, 800), (0, 800)]
    assert shares[2].entry is None
    assert owed(capped) == 1000
    assert what_is_wrong() == []


def test_the_clipped_share_lies_on_its_lines_in_proportion(capped: Agreement) -> None:
    order(capped, 1, 4000)
    (clipped,) = pay(line(capped, 3000, "a"), line(capped, 1000, "b"), source="order:2", charge="stripe:charge:ch_2")

    assert list(clipped.lines.values_list("amount_minor", "uncapped_minor")) == [(150, 600), (50, 200)]


def test_at_the_cap_the_claim_leaves_the_pages(capped: Agreement) -> None:
    order(capped, 1, 4500)
    (promise,) = promises_for(VALOR, NOW)
    assert (promise.room_minor, promise.amount_for(2400)) == (100, 100)

    order(capped, 2, 500)

    assert promises_for(VALOR, NOW) == promises_of(capped.partner, NOW) == []


def test_a_refund_gives_its_room_to_who_came_later(capped: Agreement) -> None:
    for number in (1, 2, 3):
        order(capped, number, 4000)

    refund(1, 2000)

    assert [standing(number) for number in (1, 2, 3)] == [400, 600, 0]
    assert owed(capped) == 1000
    assert Allocation.objects.get(cause="room:stripe:refund:re_1_2000").amount_minor == 400
    refund(2, 4000)
    assert [standing(number) for number in (1, 2, 3)] == [400, 0, 600]
    assert totals(capped.partner).closing_minor == 1000
    assert what_is_wrong() == []


def test_a_refund_of_what_was_clipped_anyway_takes_nothing(capped: Agreement) -> None:
    order(capped, 1, 4000)
    order(capped, 2, 4000)

    assert refund(2, 2000) == []
    assert [row.amount_minor for row in refund(2, 3500)] == [100]  # 800 - 700 is all that is left of it

    assert owed(capped) == 900


def test_a_refund_that_failed_takes_the_room_again(capped: Agreement) -> None:
    order(capped, 1, 4000)
    order(capped, 2, 4000)
    refund(1, 4000)
    assert [standing(1), standing(2)] == [0, 800]

    refund(1, 0, cause="stripe:refund:re_1_4000:failed")

    assert [standing(1), standing(2)] == [800, 200]
    assert owed(capped) == 1000
    assert what_is_wrong() == []


def test_a_dispute_under_a_cap_holds_what_losing_it_takes(capped: Agreement) -> None:
    order(capped, 1, 4000)
    order(capped, 2, 4000)
    about = {"source": "order:2", "charge_ref": "stripe:charge:ch_2", "cause": "stripe:dispute:dp_1"}
    hold_shares(**about, refunded_minor={}, disputed_minor={"order_line:2": 3500}, at=NOW, now=NOW)
    assert (Hold.objects.get().amount_minor, owed(capped)) == (100, 900)

    release_shares(**about, at=NOW, now=NOW)
    assert owed(capped) == 1000
    again = about | {"cause": "stripe:dispute:dp_2"}
    hold_shares(**again, refunded_minor={}, disputed_minor={"order_line:2": 4000}, at=NOW, now=NOW)
    (lost,) = refund(2, 4000, cause="stripe:dispute:dp_2")

    assert (lost.amount_minor, lost.was_held) == (200, True)
    assert (books.balance("held", capped.partner.owner), owed(capped)) == (0, 800)
    assert what_is_wrong() == []


def test_room_is_kept_for_a_checkout_that_is_open(capped: Agreement) -> None:
    assert reserve(capped, 1, 4000) == set()
    late = order(capped, 2, 4000)  # it was paid after its own room had been given back
    assert late.amount_minor == 200

    assert order(capped, 1, 4000).amount_minor == 800
    assert CapSource.objects.get(source="order:1").state == "accrued"
    assert owed(capped) == 1000


def test_room_that_was_not_used_goes_to_who_paid(capped: Agreement) -> None:
    reserve(capped, 1, 4000)
    order(capped, 2, 4000)

    outcomes = [release_room(source="order:1", bound_at=NOW, now=NOW) for _ in range(2)]

    assert outcomes == [Outcome.RELEASED, Outcome.NOTHING_KEPT]
    assert standing(2) == 800
    assert what_is_wrong() == []


def test_no_room_is_kept_beyond_the_cap(capped: Agreement) -> None:
    reserve(capped, 1, 5000)

    assert reserve(capped, 2, 4000) == {capped.pk}
    assert not CapSource.objects.filter(source="order:2").exists()
    assert promises_for(VALOR, NOW) == []


def test_versions_share_their_cap(capped: Agreement, ana: User, ben: User) -> None:
    order(capped, 1, 4000)
    end_agreement_early(agreement_id=capped.pk, ends_on=date(2026, 10, 19), by=ben, now=NOW)
    following = {"starts_on": date(2026, 10, 20), "ends_on": date(2026, 12, 31), "series": capped.series}
    with pytest.raises(OtherLimits):
        active(capped.partner, ana, ben, limits=Limits(cap_minor=2000), **following)
    second = active(capped.partner, ana, ben, limits=Limits(cap_minor=1000), rate_num=25, **following)

    assert order(second, 2, 4000).amount_minor == 200
    assert AgreementTotal.objects.count() == 1


def test_a_cap_of_each_year_begins_again(dahlias_hope: Partner, ana: User, ben: User) -> None:
    """A share counts in the year of the day that bound it, here in Kansas City."""
    yearly = Limits(cap_minor=1000, period="year")
    first = active(dahlias_hope, ana, ben, limits=yearly)
    for number, at in ((1, datetime(2026, 10, 1, tzinfo=UTC)), (2, datetime(2026, 10, 2, tzinfo=UTC))):
        pay(line(first, 4000), source=f"order:{number}", charge=f"stripe:charge:ch_{number}", at=at)
    active(
        dahlias_hope, ana, ben, limits=Limits(cap_minor=500, period="year"), starts_on=date(2027, 1, 1),
        ends_on=date(2027, 12, 31),
    )  # fmt: skip
    following = Agreement.objects.get(version=2)
    pay(line(following, 4000), source="order:3", charge="stripe:charge:ch_3", at=datetime(2027, 1, 1, 6, tzinfo=UTC))

    assert [row.net_minor for row in AgreementTotal.objects.order_by("first_on")] == [1600, 800]
    assert owed(first) == 1500


def test_without_a_cap_nothing_of_it_is_asked(valor: Agreement, django_assert_num_queries: Any) -> None:
    order(valor, 1, 4000)
    with django_assert_num_queries(9) as asked:
        order(valor, 2, 4000)

    assert not [query for query in asked.captured_queries if "agreementtotal" in query["sql"]]
    assert not [query for query in asked.captured_queries if "capsource" in query["sql"]]


def test_what_a_refund_would_take_is_told_under_a_cap_too(capped: Agreement) -> None:
    order(capped, 1, 4000)
    order(capped, 2, 4000)

    (told,) = would_take_back("order:2", "stripe:charge:ch_2", {"order_line:2": 3500})

    assert (told.share_minor, told.amount_minor) == (200, 100)
    assert CapSource.objects.get(source="order:2").reversed_minor == 0


def test_the_books_notice_a_cap_that_is_not_kept(capped: Agreement) -> None:
    order(capped, 1, 4000)
    order(capped, 2, 4000)

    as_owner("UPDATE partners_agreementtotal SET cap_minor = 900")

    assert any("under its cap $9.00 should stand, the shares come to $10.00" in words for words in what_is_wrong())


@pytest.mark.parametrize(
    ("field", "limits"),
    [
        ("cap", Limits(cap_minor=0)),
        ("minimum", Limits(minimum_minor=-1)),
        ("minimum", Limits(cap_minor=100, minimum_minor=101)),
    ],
)
def test_limits_that_cannot_be_kept_are_refused(dahlias_hope: Partner, ana: User, field: str, limits: Limits) -> None:
    with pytest.raises(BadAgreement) as refused:
        draft(dahlias_hope, ana, limits=limits)

    assert refused.value.field == field


AFTER = datetime(2027, 1, 14, 18, tzinfo=UTC)  # the end of 2026 and fourteen days


@pytest.fixture
def guaranteed(dahlias_hope: Partner, ana: User, ben: User) -> Agreement:
    return active(dahlias_hope, ana, ben, limits=Limits(minimum_minor=2500))


def test_a_minimum_is_topped_up_after_the_refund_window(guaranteed: Agreement) -> None:
    order(guaranteed, 1, 10000)
    assert top_up_minimums(now=AFTER - timedelta(days=1)) == 0

    assert [top_up_minimums(now=AFTER) for _ in range(2)] == [1, 0]

    added = Allocation.objects.get(cause="minimum:0")
    assert (added.amount_minor, added.charge_ref, owed(guaranteed)) == (500, "", 2500)
    assert added.lines.get().label == "Up to the guaranteed $25.00 in total"
    assert books.balance("allocations") == 2500
    assert what_is_wrong() == []


def test_later_refunds_are_topped_up_again_and_never_taken_back(guaranteed: Agreement) -> None:
    order(guaranteed, 1, 10000)
    top_up_minimums(now=AFTER)
    refund(1, 5000)

    assert [top_up_minimums(now=AFTER) for _ in range(2)] == [1, 0]
    assert owed(guaranteed) == 2500
    refund(1, 0, cause="stripe:refund:re_1:failed")
    top_up_minimums(now=AFTER)
    assert owed(guaranteed) == 3500
    assert what_is_wrong() == []


def test_what_was_earned_above_the_minimum_is_not_topped_up(guaranteed: Agreement) -> None:
    order(guaranteed, 1, 12500)

    assert top_up_minimums(now=AFTER) == 0


def test_a_top_up_is_paid_out_like_any_share(guaranteed: Agreement) -> None:
    """No payment stands behind it whose funds could be on their way."""
    top_up_minimums(now=AFTER)
    as_owner("UPDATE partners_allocation SET earned_on = '2026-09-01'")

    assert state_of(guaranteed.partner).eligible_minor == 2500


def test_a_minimum_of_each_month_counts_every_month(dahlias_hope: Partner, ana: User, ben: User) -> None:
    active(
        dahlias_hope, ana, ben, limits=Limits(minimum_minor=1000, period="month"), starts_on=date(2026, 9, 1),
        ends_on=date(2026, 10, 10),
    )  # fmt: skip

    assert top_up_minimums(now=datetime(2026, 10, 20, tzinfo=UTC)) == 1
    assert top_up_minimums(now=datetime(2026, 10, 24, 12, tzinfo=UTC)) == 1  # it ended on the 10th


def test_limits_are_said(dahlias_hope: Partner, ana: User, ben: User) -> None:
    """rules/shop.md case 7."""
    both = promise_of(active(dahlias_hope, ana, ben, limits=Limits(1_000_000, 250_000)))
    yearly = promise_of(active(dahlias_hope, ana, ben, "gifts", limits=Limits(1_000_000, 250_000, "year")))

    nouns = ("Valor tassel earrings", "Valor tassel earring")
    assert promise_sentence(both, 2400, "usd", *nouns) == (
        "20% of the price of each Valor tassel earring ($4.80 of $24.00) sold January 1 to December 31, 2026 goes to"
        " Dahlia's Hope, up to $10,000.00 in total, at least $2,500.00 guaranteed. Figured after discounts, before tax"
        " and shipping. This purchase is not a tax-deductible gift."
    )
    assert ", up to $10,000.00 in each calendar year, at least $2,500.00 guaranteed in each" in gift_sentence(yearly)


STEP = st.tuples(
    st.sampled_from(["pay", "reserve", "pay reserved", "release", "refund"]), st.integers(0, 5), st.integers(1, 4000)
)


@given(cap=st.integers(1, 2000), steps=st.lists(STEP, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_life_of_a_cap_is_the_naive_one(
    dahlias_hope: Partner, ana: User, ben: User, cap: int, steps: list[tuple[str, int, int]]
) -> None:
    """Places in a plain list, the waterfall handed out anew after each step; the books must always say the same."""
    with transaction.atomic():
        agreement = active(dahlias_hope, ana, ben, limits=Limits(cap_minor=cap))
        places: list[dict[str, Any]] = []  # number, paid, refunded, state
        for number, (what, which, amount) in enumerate(steps, start=1):
            waiting = [place for place in places if place["state"] == "reserved"]
            done = [place for place in places if place["state"] == "paid"]
            used = sum(net(place) for place in places if place["state"] != "released")
            if what == "pay":
                order(agreement, number, amount)
                places.append({"number": number, "paid": amount, "gone": 0, "state": "paid"})
            elif what == "reserve":
                full = reserve(agreement, number, amount)
                assert bool(full) == (used >= cap)
                if not full and share(amount, 20, 100):
                    places.append({"number": number, "paid": amount, "gone": 0, "state": "reserved"})
            elif what == "pay reserved" and waiting:
                place = waiting[which % len(waiting)]
                order(agreement, place["number"], place["paid"])
                place["state"] = "paid"
            elif what == "release" and waiting:
                place = waiting[which % len(waiting)]
                release_room(source=f"order:{place['number']}", bound_at=NOW, now=NOW)
                place["state"] = "released"
            elif what == "refund" and done:
                place = done[which % len(done)]
                place["gone"] = min(amount, place["paid"])
                refund(place["number"], place["gone"], cause=f"stripe:refund:re_{number}")

            left = cap
            for place in places:
                wanted = min(net(place), left) if place["state"] != "released" else 0
                left -= wanted
                assert standing(place["number"]) == (wanted if place["state"] == "paid" else 0)
        assert [finding for check in CHECKS for finding in check.find()] == []
        transaction.set_rollback(True)


def net(place: dict[str, Any]) -> int:
    whole = share(place["paid"], 20, 100)
    return whole - reversed_to_date(whole, place["gone"], place["paid"])
