from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from ledger import queries as books
from partners.models import Agreement, Allocation, AllocationLine
from partners.operations.allocate import ShareLine, UnknownAgreement, allocate
from partners.queries import shares_of
from people.models import User
from tests.partners.conftest import NOW, draft

pytestmark = pytest.mark.django_db


def line(agreement: Agreement, basis_minor: int, ref: str = "order_line:1", **fields: Any) -> ShareLine:
    defaults = {
        "line_ref": ref,
        "label": "2 x Valor, Dark",
        "design": "Valor tassel earrings",
        "units": 2,
        "basis_minor": basis_minor,
        "paid_minor": basis_minor,
        "agreement_ids": (agreement.pk,),
    }
    return ShareLine(**(defaults | fields))  # type: ignore[arg-type]


def pay(
    *lines: ShareLine, source: str = "order:1042", charge: str = "stripe:charge:ch_1", at: datetime = NOW
) -> list[Allocation]:
    with transaction.atomic():
        return allocate(
            source=source, charge_ref=charge, currency="usd", lines=lines, bound_at=at, earned_at=at, now=max(at, NOW)
        )


def test_the_share_is_rounded_once_and_split_over_its_lines(valor: Agreement) -> None:
    # rules/shop.md case 1: base 4273 of two lines gives 855, units 428 and 427.
    (allocation,) = pay(line(valor, 2137, "a"), line(valor, 2136, "b"))

    assert (allocation.amount_minor, allocation.basis_minor, allocation.uncapped_minor) == (855, 4273, 855)
    assert list(allocation.lines.values_list("line_ref", "amount_minor")) == [("a", 428), ("b", 427)]
    assert books.balance("payable", valor.partner.owner) == -855
    assert books.balance("allocations") == 855


def test_a_repeated_call_gives_back_the_first_rows(valor: Agreement) -> None:
    first = pay(line(valor, 4320))
    again = pay(line(valor, 4320))

    assert [row.pk for row in again] == [row.pk for row in first]
    assert books.balance("payable", valor.partner.owner) == -864
    assert AllocationLine.objects.count() == 1


def test_another_payment_for_the_same_order_is_another_allocation(valor: Agreement) -> None:
    pay(line(valor, 4320))
    pay(line(valor, 4320), charge="stripe:charge:ch_2")

    assert books.balance("payable", valor.partner.owner) == -1728


def test_each_partner_of_one_order_gets_its_own(valor: Agreement, rehope: Agreement) -> None:
    # rules/shop.md case 1: nets 4273, 2492, 1335 -> DH 855, RH 498, plain nothing.
    plain = line(valor, 1335, "plain", agreement_ids=())
    allocations = pay(line(valor, 4273, "v"), line(rehope, 2492, "r"), plain)

    assert [(row.agreement.partner.slug, row.amount_minor) for row in allocations] == [
        ("dahlias-hope", 855),
        ("restoration-house-kc", 498),
    ]
    assert sum(books.balances_by_owner("payable").values()) == -1353


def test_a_stacked_gift_goes_forty_and_forty(seed: tuple[Agreement, Agreement]) -> None:
    both = tuple(agreement.pk for agreement in seed)
    pay(line(seed[0], 5000, "gift:7", agreement_ids=both, units=1), source="gift:7")

    assert [books.balance("payable", agreement.partner.owner) for agreement in seed] == [-2000, -2000]


def test_two_halves_of_one_cent_never_exceed_it(
    org: Any, dahlias_hope: Any, restoration_house: Any, ana: User, ben: User
) -> None:
    from tests.partners.conftest import active

    halves = [
        active(partner, ana, ben, "gifts", rate_num=1, rate_den=2, stacking_set="halves")
        for partner in (dahlias_hope, restoration_house)
    ]
    rows = pay(line(halves[0], 1, agreement_ids=tuple(half.pk for half in halves)), source="gift:1")

    assert [row.amount_minor for row in rows] == [1, 0]
    assert rows[1].entry_id is None


def test_nothing_paid_nothing_accrues(valor: Agreement) -> None:
    assert pay(line(valor, 0)) == []
    assert not Allocation.objects.exists()


def test_a_share_of_less_than_half_a_cent_is_kept_without_an_entry(valor: Agreement) -> None:
    (allocation,) = pay(line(valor, 2))

    assert (allocation.amount_minor, allocation.entry_id) == (0, None)
    assert books.balance("payable", valor.partner.owner) == 0


def test_the_local_day_counts(valor: Agreement) -> None:
    # 04:59 UTC on the 1st is still the 30th in Chicago.
    (allocation,) = pay(line(valor, 4320), at=datetime(2026, 10, 1, 4, 59, tzinfo=UTC))

    assert (allocation.bound_on, allocation.earned_on) == (date(2026, 9, 30), date(2026, 9, 30))


def test_an_agreement_that_never_was_active_is_refused(dahlias_hope: Any, ana: User) -> None:
    with pytest.raises(UnknownAgreement):
        pay(line(draft(dahlias_hope, ana), 4320))
    assert not Allocation.objects.exists()


def test_an_agreement_that_ended_since_still_binds_what_it_froze(valor: Agreement, ana: User) -> None:
    from partners.operations.end_agreement_early import end_agreement_early

    end_agreement_early(agreement_id=valor.pk, ends_on=date(2026, 10, 19), by=ana, now=NOW)

    assert pay(line(valor, 2400))[0].amount_minor == 480


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Allocation.objects.filter(pk=row.pk).update(amount_minor=1),
        lambda row: AllocationLine.objects.filter(allocation=row).update(units=9),
        lambda row: AllocationLine.objects.filter(allocation=row).delete(),
    ],
)
def test_what_is_allocated_cannot_be_changed(valor: Agreement, change: Any) -> None:
    (allocation,) = pay(line(valor, 4320))

    with pytest.raises(IntegrityError), transaction.atomic():
        change(allocation)


def test_shares_are_told_for_the_order_page(valor: Agreement, django_assert_num_queries: Any) -> None:
    pay(line(valor, 4800))

    with django_assert_num_queries(2):
        (share,) = shares_of("order:1042")

    assert (share.partner_name, share.amount_minor, share.state, share.rate_text) == (
        "Dahlia's Hope",
        960,
        "promised",
        "20%",
    )
    assert [(part.label, part.units, part.amount_minor) for part in share.lines] == [("2 x Valor, Dark", 2, 960)]
    assert shares_of("order:1") == []
