"""Every way to measure a share, and every base it is figured on: to the cent, and in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from ledger import queries as books
from partners.disclosure import gift_sentence, promise_sentence, scope_sentence
from partners.models import Agreement, Allocation, AllocationReversal, Hold, Partner, WaitingShare
from partners.operations.accrue_waiting import accrue_waiting
from partners.operations.activate_agreement import MixedBases, MoreThanTheWhole
from partners.operations.allocate import WrongCurrency, allocate
from partners.operations.hold_shares import hold_shares
from partners.operations.prepare_agreement import BadAgreement
from partners.operations.release_shares import release_shares
from partners.operations.reverse_shares import reverse_shares
from partners.queries import promise_of, totals
from partners.terms import FeeEstimate
from people.models import User
from tests.partners.conftest import NOW, active, draft
from tests.partners.money import settle_charge
from tests.partners.test_allocate import line, pay

pytestmark = pytest.mark.django_db
EACH = {"rate_num": 0, "rate_den": 1}
CARD = FeeEstimate(290, 30)


def net_of_fees(partner: Partner, ana: User, ben: User, **fields: Any) -> Agreement:
    return active(partner, ana, ben, basis="net_of_fees", fee_estimate=CARD, **fields)


def test_an_amount_for_each_piece(dahlias_hope: Partner, ana: User, ben: User) -> None:
    two_dollars = active(dahlias_hope, ana, ben, per="unit", each_minor=200, **EACH)

    (share,) = pay(line(two_dollars, 4273, "a", units=2), line(two_dollars, 2100, "b", units=1))

    assert (share.amount_minor, share.uncapped_minor) == (600, 600)
    assert list(share.lines.values_list("line_ref", "amount_minor")) == [("a", 400), ("b", 200)]


def test_an_amount_is_never_more_than_what_was_paid(dahlias_hope: Partner, ana: User, ben: User) -> None:
    two_dollars = active(dahlias_hope, ana, ben, per="unit", each_minor=200, **EACH)

    (share,) = pay(line(two_dollars, 150, "a", units=1), line(two_dollars, 2400, "b", units=1))

    assert list(share.lines.values_list("amount_minor", flat=True)) == [150, 200]


def test_an_amount_for_each_order_is_split_over_its_lines(dahlias_hope: Partner, ana: User, ben: User) -> None:
    five_dollars = active(dahlias_hope, ana, ben, per="payment", each_minor=500, **EACH)

    (share,) = pay(line(five_dollars, 2000, "a"), line(five_dollars, 1000, "b"))
    (small,) = pay(line(five_dollars, 300, "a"), charge="stripe:charge:ch_2")

    assert list(share.lines.values_list("amount_minor", flat=True)) == [333, 167]
    assert small.amount_minor == 300


def test_a_percentage_comes_before_an_amount_of_its_set(
    dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User
) -> None:
    """Half of $3.00 and $2.00 of it are more than was paid: the amount is cut."""
    half = active(dahlias_hope, ana, ben, rate_num=50, stacking_set="both")
    two = active(restoration_house, ana, ben, per="unit", each_minor=200, stacking_set="both", **EACH)

    rows = pay(line(half, 300, units=1, agreement_ids=(half.pk, two.pk)))

    assert [row.amount_minor for row in rows] == [150, 150]


def test_gross_is_before_discounts_and_never_above_what_was_paid(dahlias_hope: Partner, ana: User, ben: User) -> None:
    gross = active(dahlias_hope, ana, ben, basis="gross", rate_num=60)

    (share,) = pay(line(gross, 4320, gross_minor=4800))
    (cut,) = pay(line(gross, 2400, gross_minor=4800), charge="stripe:charge:ch_2")

    assert (share.basis_minor, share.paid_minor, share.amount_minor) == (4800, 4320, 2880)
    assert cut.amount_minor == 2400


def test_nothing_paid_nothing_accrues_even_on_gross(dahlias_hope: Partner, ana: User, ben: User) -> None:
    gross = active(dahlias_hope, ana, ben, basis="gross")

    assert pay(line(gross, 0, gross_minor=4800)) == []


def test_cost_is_taken_off_as_it_was_frozen(dahlias_hope: Partner, ana: User, ben: User) -> None:
    margin = active(dahlias_hope, ana, ben, basis="net_of_cost", rate_num=50)

    (share,) = pay(line(margin, 4800, cost_minor=1500))
    none = pay(line(margin, 1000, cost_minor=1500), charge="stripe:charge:ch_2")

    assert (share.basis_minor, share.amount_minor) == (3300, 1650)
    assert none == []


def test_a_gift_may_be_shared_with_what_was_added_for_fees(dahlias_hope: Partner, ana: User, ben: User) -> None:
    whole = active(dahlias_hope, ana, ben, "gifts", basis="gross", rate_num=40, scope_label="all gifts")

    (share,) = pay(line(whole, 5000, gross_minor=5180, units=1), source="gift:7")

    assert share.amount_minor == 2072
    assert totals(dahlias_hope).gifts_minor == 2072
    assert totals(dahlias_hope).goods == ()


def paid(agreement: Agreement, number: int = 1) -> str:
    """E1 of rules/ledger.md: goods 4320, shipping 500, tax 366."""
    charge_ref = f"stripe:charge:ch_{number}"
    sold = line(agreement, 4320, agreement_ids=(agreement.pk,))
    with transaction.atomic():
        allocate(
            source=f"order:{number}", charge_ref=charge_ref, currency="usd", lines=[sold],
            other_parts_minor=(500, 366), bound_at=NOW, earned_at=NOW, now=NOW,
        )  # fmt: skip
    return charge_ref


def fee_told(number: int = 1) -> None:
    settle_charge(f"ch_{number}", 5186, NOW, fee_minor=180)


def about(number: int = 1) -> dict[str, Any]:
    return {"source": f"order:{number}", "charge_ref": f"stripe:charge:ch_{number}"}


def test_a_share_net_of_fees_waits_for_the_fee(dahlias_hope: Partner, ana: User, ben: User) -> None:
    """Fee 180 over 4320, 500, 366 takes 150 of the goods: 20% of 4170."""
    paid(net_of_fees(dahlias_hope, ana, ben))
    assert not Allocation.objects.exists()
    assert accrue_waiting(now=NOW) == 0

    fee_told()

    assert (accrue_waiting(now=NOW), accrue_waiting(now=NOW)) == (1, 0)
    share = Allocation.objects.get()
    assert (share.basis_minor, share.paid_minor, share.amount_minor) == (4170, 4320, 834)
    assert books.balance("payable", dahlias_hope.owner) == -834


def test_a_fee_that_is_known_is_not_waited_for(dahlias_hope: Partner, ana: User, ben: User) -> None:
    fee_told()

    paid(net_of_fees(dahlias_hope, ana, ben))

    assert Allocation.objects.get().amount_minor == 834
    assert not WaitingShare.objects.exists()


def test_told_twice_it_waits_once(dahlias_hope: Partner, ana: User, ben: User) -> None:
    agreement = net_of_fees(dahlias_hope, ana, ben)
    for _ in range(3):
        paid(agreement)
    fee_told()
    accrue_waiting(now=NOW)
    paid(agreement)

    assert WaitingShare.objects.count() == Allocation.objects.count() == 1


def test_what_went_back_meanwhile_is_taken_back_in_the_same_step(dahlias_hope: Partner, ana: User, ben: User) -> None:
    paid(net_of_fees(dahlias_hope, ana, ben))
    for cause, gone in (("stripe:refund:re_1", 1000), ("stripe:refund:re_2", 2160)):
        reverse_shares(**about(), cause=cause, refunded_minor={"order_line:1": gone}, at=NOW, now=NOW)
    assert not AllocationReversal.objects.exists()

    fee_told()
    accrue_waiting(now=NOW)

    assert AllocationReversal.objects.get().amount_minor == 417  # 834 x 2160 / 4320
    assert books.balance("payable", dahlias_hope.owner) == -417


def test_a_dispute_opened_meanwhile_holds_the_share_and_one_that_is_won_does_not(
    dahlias_hope: Partner, ana: User, ben: User
) -> None:
    agreement = net_of_fees(dahlias_hope, ana, ben)
    for number in (1, 2):
        paid(agreement, number)
        cause = f"stripe:dispute:dp_{number}"
        whole = {"refunded_minor": {}, "disputed_minor": {"order_line:1": 4320}}
        hold_shares(**about(number), cause=cause, **whole, at=NOW, now=NOW)
    release_shares(**about(2), cause="stripe:dispute:dp_2", at=NOW, now=NOW)

    for number in (1, 2):
        fee_told(number)
    accrue_waiting(now=NOW)

    assert Hold.objects.get().amount_minor == 834
    assert (books.balance("held", dahlias_hope.owner), books.balance("payable", dahlias_hope.owner)) == (-834, -834)


def test_what_needs_no_fee_does_not_wait_beside_what_does(
    dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User
) -> None:
    later = net_of_fees(dahlias_hope, ana, ben)
    now = active(restoration_house, ana, ben, "product:rehope-tassel-earrings")
    with transaction.atomic():
        allocate(
            **about(), currency="usd", lines=[line(later, 3000, "a"), line(now, 2000, "b")], bound_at=NOW,
            earned_at=NOW, now=NOW,
        )  # fmt: skip
    assert [row.agreement for row in Allocation.objects.all()] == [now]
    reverse_shares(**about(), cause="stripe:refund:re_1", refunded_minor={"a": 3000, "b": 1000}, at=NOW, now=NOW)

    settle_charge("ch_1", 5000, NOW, fee_minor=175)
    accrue_waiting(now=NOW)

    # The fee lies on both lines by amount: 105 of the first.
    assert Allocation.objects.get(agreement=later).basis_minor == 2895
    assert books.balance("payable", dahlias_hope.owner) == 0
    assert books.balance("payable", restoration_house.owner) == -200
    assert AllocationReversal.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("each_minor", {"per": "unit", **EACH}),
        ("each_minor", {"per": "unit", "each_minor": -5, **EACH}),
        ("each_minor", {"each_minor": 200}),
        ("rate_num", {"per": "payment", "each_minor": 200}),
        ("per", {"per": "unit", "each_minor": 200, "scope_key": "gifts", **EACH}),
        ("basis", {"per": "unit", "each_minor": 200, "basis": "gross", **EACH}),
        ("basis", {"basis": "gift_part"}),
        ("basis", {"basis": "net_of_cost", "scope_key": "gifts"}),
        ("basis", {"basis": "profits"}),
        ("fee_percent", {"basis": "net_of_fees"}),
    ],
)
def test_terms_that_cannot_be_kept_are_refused(
    dahlias_hope: Partner, ana: User, field: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(BadAgreement) as refused:
        draft(dahlias_hope, ana, **fields)

    assert refused.value.field == field
    assert not Agreement.objects.exists()


def test_a_series_belongs_to_one_partner(valor: Agreement, restoration_house: Partner, ana: User) -> None:
    with pytest.raises(BadAgreement, match="a promise to Dahlia's Hope") as refused:
        draft(restoration_house, ana, series=valor.series)

    assert refused.value.field == "series"


def test_a_set_has_one_base_for_goods(dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User) -> None:
    active(dahlias_hope, ana, ben, stacking_set="both")
    active(dahlias_hope, ana, ben, "gifts", stacking_set="both")  # gifts are something else

    with pytest.raises(MixedBases, match="figured on another base"):
        active(restoration_house, ana, ben, "shop", basis="gross", stacking_set="both")


def test_an_amount_beside_the_whole_is_refused(
    dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User
) -> None:
    active(dahlias_hope, ana, ben, rate_num=100, stacking_set="both")

    with pytest.raises(MoreThanTheWhole):
        active(restoration_house, ana, ben, per="unit", each_minor=1, stacking_set="both", **EACH)


def test_an_amount_of_another_currency_is_not_taken(dahlias_hope: Partner, ana: User, ben: User) -> None:
    two_dollars = active(dahlias_hope, ana, ben, per="unit", each_minor=200, **EACH)

    with pytest.raises(WrongCurrency):
        allocate(
            **about(), currency="eur", lines=[line(two_dollars, 4320)], bound_at=NOW, earned_at=NOW,
            now=NOW + timedelta(seconds=1),
        )  # fmt: skip


def words(agreement: Agreement, **options: Any) -> str:
    nouns = ("Valor tassel earrings", "Valor tassel earring")
    return promise_sentence(promise_of(agreement), 2400, "usd", *nouns, **options)


def test_an_amount_is_said_as_money(dahlias_hope: Partner, ana: User, ben: User) -> None:
    each = active(dahlias_hope, ana, ben, per="unit", each_minor=200, **EACH)
    order = active(dahlias_hope, ana, ben, "shop", per="payment", each_minor=500, scope_label="anything", **EACH)

    assert words(each) == (
        "$2.00 of each Valor tassel earring sold January 1 to December 31, 2026 goes to Dahlia's Hope. Never more than"
        " what was paid for it. Figured after discounts, before tax and shipping. This purchase is not a tax-deductible"
        " gift."
    )
    assert words(order).startswith("$5.00 of each order with Valor tassel earrings placed January 1 to")
    assert scope_sentence(promise_of(each)).startswith("$2.00 of each piece of Valor tassel earrings sold January 1")


def test_a_share_net_of_fees_is_said_to_be_an_estimate(dahlias_hope: Partner, ana: User, ben: User) -> None:
    """2400 less 2.9% and 30 is 2300."""
    said = words(net_of_fees(dahlias_hope, ana, ben))

    assert "(an estimated $4.60 of $24.00)" in said
    assert "Figured after discounts and card fees, before tax and shipping. The card fee is known once" in said


def test_cost_and_gross_are_said(dahlias_hope: Partner, ana: User, ben: User) -> None:
    margin = active(dahlias_hope, ana, ben, basis="net_of_cost", rate_num=50)
    gross = active(dahlias_hope, ana, ben, "gifts", basis="gross", scope_label="all gifts")

    assert "50% of the price of each Valor tassel earring ($9.00 of $24.00)" in words(margin, cost_minor=600)
    assert "after discounts and the cost of making it" in words(margin)
    assert gift_sentence(promise_of(gross)).endswith("any amount added to cover card fees.")


def test_a_line_is_shared_as_it_is_shown(dahlias_hope: Partner, ana: User, ben: User) -> None:
    each = active(dahlias_hope, ana, ben, per="unit", each_minor=200, **EACH)

    assert promise_of(each).amount_for(2400) == 200
    assert promise_of(each).rate_text == "$2.00"
