from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from partners.disclosure import days_text, gift_sentence, promise_sentence, scope_sentence
from partners.models import Agreement, Partner
from partners.queries import promises_for, promises_for_many, promises_of
from partners.terms import percent_text
from people.models import User
from tests.partners.conftest import NOW, active, draft

pytestmark = pytest.mark.django_db
VALOR = ["variant:VALOR-DARK", "product:valor-tassel-earrings", "collection:spring", "collection:bold", "shop"]
GIFT = ["fund:seed-collective", "gifts"]


def names(keys: list[str], at: datetime = NOW) -> list[tuple[str, str]]:
    return [(promise.scope_key, promise.partner_slug) for promise in promises_for(keys, at)]


def test_the_most_specific_level_wins(valor: Agreement, restoration_house: Partner, ana: User, ben: User) -> None:
    active(restoration_house, ana, ben, "shop")
    assert names(VALOR) == [("product:valor-tassel-earrings", "dahlias-hope")]
    assert names(["product:plain", "shop"]) == [("shop", "restoration-house-kc")]

    active(restoration_house, ana, ben, "variant:VALOR-DARK")
    assert names(VALOR) == [("variant:VALOR-DARK", "restoration-house-kc")]


def test_a_set_applies_together_and_spans_levels(seed: tuple[Agreement, Agreement], ana: User, ben: User) -> None:
    third = Partner.objects.create(slug="third", name="Third")
    active(third, ana, ben, "gifts", rate_num=10, stacking_set="seed-40-40")

    assert [slug for _, slug in names(GIFT)] == ["dahlias-hope", "restoration-house-kc", "third"]
    assert [slug for _, slug in names(["fund:other", "gifts"])] == ["third"]


def test_a_promise_without_a_set_stands_alone_above_a_set(
    valor: Agreement, restoration_house: Partner, ana: User, ben: User
) -> None:
    active(restoration_house, ana, ben, "shop", stacking_set="all")

    assert names(VALOR) == [("product:valor-tassel-earrings", "dahlias-hope")]


@pytest.mark.parametrize(
    ("at", "bound"),
    [
        (datetime(2026, 1, 1, 5, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 1, 6, 0, 0, tzinfo=UTC), True),
        (datetime(2027, 1, 1, 5, 59, 59, tzinfo=UTC), True),
        (datetime(2027, 1, 1, 6, 0, 0, tzinfo=UTC), False),
    ],
)
def test_days_are_local_and_both_included(valor: Agreement, at: datetime, bound: bool) -> None:
    assert bool(promises_for(VALOR, at)) is bound


def test_a_new_rate_begins_at_local_midnight(dahlias_hope: Partner, ana: User, ben: User) -> None:
    # rules/shop.md case 9
    active(dahlias_hope, ana, ben, ends_on=date(2026, 3, 31))
    active(dahlias_hope, ana, ben, starts_on=date(2026, 4, 1), rate_num=25)

    (before,) = promises_for(VALOR, datetime(2026, 4, 1, 4, 59, 59, tzinfo=UTC))
    (after,) = promises_for(VALOR, datetime(2026, 4, 1, 5, 0, 0, tzinfo=UTC))
    assert (before.amount_for(2400), after.amount_for(2400)) == (480, 600)


def test_a_draft_promises_nothing(dahlias_hope: Partner, ana: User) -> None:
    draft(dahlias_hope, ana)

    assert promises_for(VALOR, NOW) == []


def test_many_things_cost_one_query(valor: Agreement, rehope: Agreement, django_assert_num_queries: Any) -> None:
    things = {"v": VALOR, "r": ["product:rehope-tassel-earrings", "shop"], "plain": ["product:plain", "shop"]}

    with django_assert_num_queries(1):
        found = promises_for_many(things, NOW)

    assert {name: [p.partner_slug for p in promises] for name, promises in found.items()} == {
        "v": ["dahlias-hope"],
        "r": ["restoration-house-kc"],
        "plain": [],
    }


def test_the_disclosure_is_word_for_word(valor: Agreement) -> None:
    # rules/shop.md case 7
    (promise,) = promises_for(VALOR, NOW)

    assert promise_sentence(promise, 2400, "usd", "Valor tassel earrings", "Valor tassel earring") == (
        "20% of the price of each Valor tassel earring ($4.80 of $24.00) sold January 1 to December 31, 2026 goes to"
        " Dahlia's Hope. Figured after discounts, before tax and shipping. This purchase is not a tax-deductible gift."
    )
    assert promises_for(VALOR, datetime(2027, 1, 1, 12, tzinfo=UTC)) == []


def test_a_gift_is_disclosed_in_its_own_words(seed: tuple[Agreement, Agreement]) -> None:
    promise = promises_for(GIFT, NOW)[0]

    assert (
        gift_sentence(promise)
        == scope_sentence(promise)
        == (
            "40% of each gift to the Seed Collective made January 1 to December 31, 2026 goes to Dahlia's Hope."
            " Figured on the gift itself, without any amount added to cover card fees."
        )
    )


def test_every_word_names_a_figure(valor: Agreement, seed: tuple[Agreement, Agreement]) -> None:
    for promise in [*promises_of(valor.partner, NOW), replace(promises_for(VALOR, NOW)[0], scope_label="All designs")]:
        assert "proceeds" not in scope_sentence(promise)
        assert promise.rate_text in scope_sentence(promise)


def test_the_year_is_said_once_or_twice() -> None:
    assert days_text(date(2026, 3, 1), date(2026, 9, 30)) == "March 1 to September 30, 2026"
    assert days_text(date(2026, 3, 1), date(2027, 2, 28)) == "March 1, 2026 to February 28, 2027"


@pytest.mark.parametrize(
    ("rate", "words"),
    [((20, 100), "20%"), ((1, 8), "12.5%"), ((1, 1), "100%"), ((33, 10_000), "0.33%"), ((1, 3), "1/3")],
)
def test_rates_are_exact_words(rate: tuple[int, int], words: str) -> None:
    assert percent_text(*rate) == words
