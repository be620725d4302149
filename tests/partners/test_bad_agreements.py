"""Agreements that cannot stand are refused at the desk's door, with the reason beside what was typed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from partners.models import Agreement, Partner
from partners.queries import promises_for
from people.models import User
from tests.partners.conftest import NOW, active, draft, person, signed
from tests.partners.test_desk import signed_in, today, words  # noqa: F401
from tests.roles import give

pytestmark = pytest.mark.django_db
VALOR = ["product:valor-tassel-earrings", "shop"]


def typed(partner: Partner, **changes: str) -> dict[str, Any]:
    """A good agreement, as the form sends it."""
    return {
        "partner": partner.pk, "scope_key": "product:valor-tassel-earrings", "scope_label": "Valor tassel earrings",
        "per": "percent", "percent": "20", "starts_on": "2026-01-01", "ends_on": "2026-12-31",
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"starts_on": "2026-12-31", "ends_on": "2026-01-01"}, "before"),
        ({"starts_on": "31.12.2026"}, "Write the day as year-month-day, such as 2026-10-31."),
        ({"percent": "100.01"}, "It is at most 100%."),
        ({"percent": "-1"}, "It cannot be less than 0%."),
        ({"percent": "0"}, "more than 0%"),
        ({"percent": "20.005"}, "Use at most two decimals."),
        ({"percent": "NaN"}, "Write the share in figures"),
        ({"scope_key": "everything"}, "scope"),
        ({"scope_label": ""}, "This field is required."),
    ],
)
def test_a_bad_agreement_is_refused_with_the_reason_beside_its_field(
    dahlias_hope: Partner, ana: User, changes: dict[str, str], reason: str
) -> None:
    answer = signed_in(ana).post("/desk/agreements/new/", typed(dahlias_hope, **changes))

    assert answer.status_code == 400
    (field,) = answer.context["form"].errors
    assert reason in answer.context["form"].errors[field][0]
    assert answer.context["form"].errors[field][0] in words(answer).replace("&#x27;", "'")
    assert f'value="{changes.get("percent", "20")}"' in words(answer)  # what was typed is shown again
    assert not Agreement.objects.exists()


def test_agreements_that_overlap_without_stacking_are_refused_with_the_other(
    valor: Agreement, restoration_house: Partner, ana: User, ben: User
) -> None:
    second = signed(restoration_house, ana)

    page = words(signed_in(ben).post(f"/desk/agreements/{second.pk}/activate/", follow=True))

    assert "promises a share of Valor tassel earrings from 2026-01-01 to 2026-12-31 too." in page
    assert "End it earlier, choose other days, or put both into one stacking set." in page
    assert Agreement.objects.get(pk=second.pk).state == "draft"


def test_a_set_of_more_than_100_percent_is_refused_with_the_sum(
    dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User
) -> None:
    active(dahlias_hope, ana, ben, rate_num=60, stacking_set="both")
    second = signed(restoration_house, ana, rate_num=41, stacking_set="both")

    page = words(signed_in(ben).post(f"/desk/agreements/{second.pk}/activate/", follow=True))

    assert "Together the set would promise 101.00% of one sale: at most 100% can be given." in page
    assert Agreement.objects.get(pk=second.pk).state == "draft"


def test_without_an_approver_nothing_is_promised_and_the_reason_is_said(dahlias_hope: Partner, ana: User) -> None:
    give(ana, "finance approver")
    own = draft(dahlias_hope, ana)
    address = f"/desk/agreements/{own.pk}/activate/"
    young = person("nora@tassel.example")
    give(young, "finance approver", since=NOW + timedelta(days=1))

    assert "The person who prepared this agreement cannot approve it." in words(
        signed_in(ana).post(address, follow=True)
    )
    assert "your approval counts from 21 October 2026" in words(signed_in(young).post(address, follow=True))
    assert signed_in(person("olga@tassel.example", "auditor")).post(address).status_code == 403

    assert Agreement.objects.get().state == "draft"
    assert promises_for(VALOR, NOW) == []
