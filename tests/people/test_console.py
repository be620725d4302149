"""The record console: roles read what they need, superusers keep the organisation and its people."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group
from django.test import Client

from config.roles import lay_roles
from people.access import ROLES
from people.console import amount
from people.models import Mail, Organisation, User
from tests.roles import give

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 10, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ground() -> None:
    Organisation.objects.create(display_name="Tassel Collective")
    lay_roles()


def staff(client: Client, *roles: str, superuser: bool = False) -> User:
    user = User.objects.create_user("staff@example.org", is_staff=True, is_superuser=superuser)
    give(user, *roles)
    TOTP.activate(user, SECRET)
    client.force_login(user)
    return user


def test_laying_the_roles_again_changes_nothing() -> None:
    before = {group.name: set(group.permissions.all()) for group in Group.objects.all()}

    lay_roles()

    assert {group.name: set(group.permissions.all()) for group in Group.objects.all()} == before
    assert set(before) == set(ROLES)
    assert before["partner contact"] == set()


def test_no_role_may_delete_or_touch_people() -> None:
    given = {permission for role in Group.objects.all() for permission in role.permissions.all()}

    assert not [permission for permission in given if permission.codename.startswith("delete_")]
    assert not [permission for permission in given if permission.content_type.app_label in ("people", "auth", "mfa")]


@pytest.mark.parametrize(
    ("role", "reads", "refused"),
    [
        ("catalogue", "shop/product/", "donations/gift/"),
        ("donor care", "donations/plan/", "partners/partner/"),
        ("finance preparer", "payments/charge/", "people/user/"),
        ("auditor", "partners/allocation/", "people/organisation/"),
    ],
)
def test_a_role_reads_its_records_only(client: Client, role: str, reads: str, refused: str) -> None:
    staff(client, role)

    assert client.get(f"/console/{reads}").status_code == 200
    assert client.get(f"/console/{refused}").status_code == 403


def test_only_the_catalogue_edits_products(client: Client) -> None:
    user = staff(client, "auditor")
    assert client.get("/console/shop/product/add/").status_code == 403

    give(user, "catalogue")

    assert client.get("/console/shop/product/add/").status_code == 200


def test_a_superuser_makes_a_member_of_staff_who_has_no_password_and_no_role(client: Client) -> None:
    """Roles take two persons and superusers the owner of the database: what is posted besides is no field."""
    staff(client, superuser=True)
    role = Group.objects.get(name="finance approver")
    forged = {"groups": [role.pk], "roles": [role.pk], "is_superuser": "on"}

    answer = client.post(
        "/console/people/user/add/",
        {"email": "Anton@Example.org", "name": "Anton", "is_staff": "on", "is_active": "on", **forged},
    )

    assert answer.status_code == 302
    anton = User.objects.get(email="anton@example.org")
    assert not anton.has_usable_password()
    assert (list(anton.groups.all()), anton.is_superuser) == ([], False)


def test_an_address_is_taken_in_any_spelling(client: Client) -> None:
    staff(client, superuser=True)

    page = client.post("/console/people/user/add/", {"email": "STAFF@example.org", "is_active": "on"})

    assert "Somebody has this address already." in page.content.decode()
    assert User.objects.count() == 1


def test_the_organisation_is_changed_and_never_doubled_or_deleted(client: Client) -> None:
    staff(client, superuser=True)

    assert client.get("/console/people/organisation/1/change/").status_code == 200
    assert client.get("/console/people/organisation/add/").status_code == 403
    assert client.get("/console/people/organisation/1/delete/").status_code == 403


def test_a_lost_second_factor_is_removed_and_never_read(client: Client) -> None:
    user = staff(client, superuser=True)
    record = Authenticator.objects.get(user=user)

    page = client.get(f"/console/mfa/authenticator/{record.pk}/change/").content.decode()

    assert "secret" not in page
    assert str(record.data["secret"]) not in page
    assert client.get("/console/mfa/authenticator/add/").status_code == 403
    assert client.get(f"/console/mfa/authenticator/{record.pk}/delete/").status_code == 200


@pytest.mark.parametrize("address", ["auth/group/", "account/emailaddress/"])
def test_roles_and_addresses_are_no_records(client: Client, address: str) -> None:
    staff(client, superuser=True)

    assert client.get(f"/console/{address}").status_code == 404


def test_mail_is_listed_without_its_words(client: Client) -> None:
    staff(client, superuser=True)
    mail = Mail.objects.create(
        key="a", to="ada@example.org", subject="Hello", text="words inside", created_at=NOW, next_attempt_at=NOW
    )

    page = client.get(f"/console/people/mail/{mail.pk}/change/").content.decode()

    assert "ada@example.org" in page
    assert "words inside" not in page


def test_amounts_are_shown_as_money_and_sorted_as_numbers() -> None:
    column = amount("fee_minor", "fee")

    assert column(SimpleNamespace(fee_minor=-1052, currency="usd")) == "-$10.52"
    assert column(SimpleNamespace(fee_minor=1052, currency="jpy")) == "¥1,052"
    assert (column.short_description, column.admin_order_field) == ("fee", "fee_minor")  # type: ignore[attr-defined]
