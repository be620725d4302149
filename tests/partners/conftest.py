"""Two partners, their agreements, the people who act for them, and an open ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ledger.operations.open_months import open_months
from partners.destination_details import Details
from partners.models import Agreement, BankAccount, Partner
from partners.operations.activate_agreement import activate_agreement
from partners.operations.change_destination import change_destination
from partners.operations.confirm_destination import confirm_destination
from partners.operations.prepare_agreement import prepare_agreement
from people.models import Organisation, User
from tests.partners.signing import keep
from tests.roles import give

NOW = datetime(2026, 10, 20, 17, 0, tzinfo=UTC)


@pytest.fixture
def org(db: None) -> Organisation:
    open_months(around=NOW)
    return Organisation.objects.update_or_create(
        pk=1, defaults={"display_name": "Tassel Collective", "zone_name": "America/Chicago", "currency": "usd"}
    )[0]


def person(email: str, *roles: str) -> User:
    user = User.objects.create_user(email, is_staff=True, name=email.partition("@")[0].title())
    give(user, *roles)
    return user


@pytest.fixture
def ana(db: None) -> User:
    return person("ana@tassel.example", "finance preparer")


@pytest.fixture
def ben(db: None) -> User:
    return person("ben@tassel.example", "finance approver")


@pytest.fixture
def dahlias_hope(org: Organisation, ana: User, ben: User) -> Partner:
    partner = Partner.objects.create(
        slug="dahlias-hope",
        name="Dahlia's Hope",
        services=["housing", "therapy"],
        stages=["recovery"],
        about="Complete aftercare, meeting each person where they are.",
    )
    return paid_at(partner, "Commerce Bank, ending 6789", ana, ben)


@pytest.fixture
def restoration_house(org: Organisation, ana: User, ben: User) -> Partner:
    partner = Partner.objects.create(slug="restoration-house-kc", name="Restoration House KC")
    return paid_at(partner, "Midwest Bank, ending 0928", ana, ben)


def paid_at(partner: Partner, words: str, by: User, called_by: User, **details: Any) -> Partner:
    """One person enters where the partner is paid, another calls it back."""
    entered = change_destination(
        partner_id=partner.pk, details=Details(method="bank", words=words, **details), by=by, now=NOW
    )
    confirm_destination(destination_id=entered.pk, by=called_by, note="Called the director, who said so.", now=NOW)
    return partner


def draft(partner: Partner, by: User, scope_key: str = "product:valor-tassel-earrings", **fields: Any) -> Agreement:
    defaults: dict[str, Any] = {
        "scope_label": "Valor tassel earrings",
        "rate_num": 20,
        "rate_den": 100,
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
    }
    return prepare_agreement(partner=partner, scope_key=scope_key, by=by, now=NOW, **(defaults | fields))


def signed(partner: Partner, by: User, scope_key: str = "product:valor-tassel-earrings", **fields: Any) -> Agreement:
    """A draft with its signed paper: what a second person may activate."""
    return keep(draft(partner, by, scope_key, **fields), by, NOW)


def active(
    partner: Partner, ana: User, ben: User, scope_key: str = "product:valor-tassel-earrings", **fields: Any
) -> Agreement:
    return activate_agreement(agreement_id=signed(partner, ana, scope_key, **fields).pk, by=ben, now=NOW)


@pytest.fixture
def valor(dahlias_hope: Partner, ana: User, ben: User) -> Agreement:
    return active(dahlias_hope, ana, ben)


@pytest.fixture
def rehope(restoration_house: Partner, ana: User, ben: User) -> Agreement:
    return active(restoration_house, ana, ben, "product:rehope-tassel-earrings", scope_label="ReHope tassel earrings")


@pytest.fixture
def seed(dahlias_hope: Partner, restoration_house: Partner, ana: User, ben: User) -> tuple[Agreement, Agreement]:
    """40 % of each gift to the Seed Collective to each partner."""
    fields = {"scope_label": "Seed Collective", "rate_num": 40, "stacking_set": "seed-40-40"}
    return (
        active(dahlias_hope, ana, ben, "fund:seed-collective", **fields),
        active(restoration_house, ana, ben, "fund:seed-collective", **fields),
    )


@pytest.fixture
def checking(org: Organisation) -> BankAccount:
    return BankAccount.objects.create(name="Checking", last4="1234")
