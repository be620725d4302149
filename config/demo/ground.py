"""What stands before the first visitor comes: the catalogue, and three members of staff with a second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt

from config import catalogue
from partners.models import BankAccount, PayoutPolicy
from people import clock
from people.models import User
from people.operations.appoint import appoint


@dataclass(frozen=True, slots=True)
class Staff:
    """One member of staff: what they may do, and the secret of their authenticator app."""

    email: str
    name: str
    roles: tuple[str, ...]
    secret: str


TEAM = (
    ("petra@tassel.example", "Petra Preparer", ("finance preparer", "catalogue", "fulfilment")),
    ("anton@tassel.example", "Anton Approver", ("finance approver",)),
    ("olivia@tassel.example", "Olivia Owner", ("board", "auditor", "donor care")),
)


def lay(days: int = 0) -> None:
    """The staff and the catalogue, with agreements that contain the `days` to come and the half year after them."""
    users = [_member(*row) for row in TEAM]
    users[2].is_superuser = True
    users[2].save(update_fields=["is_superuser"])
    now = clock.now()
    today = now.date()
    catalogue.load(
        catalogue.read(),
        starts_on=today.replace(day=1),
        ends_on=today + timedelta(days=days + 183),
        campaign_month=f"{today + timedelta(days=days):%Y-%m}",
        prepared_by=users[0],
        approved_by=users[1],
        now=now,
    )
    BankAccount.objects.get_or_create(name="Operating account", defaults={"last4": "5521"})
    PayoutPolicy.objects.update_or_create(pk=1, defaults={"refund_window_days": 14, "minimum_minor": 2500})


def team() -> list[Staff]:
    """The staff as they are in the database, for the words at the end and for the play."""
    return [Staff(email, name, roles, _secret(email)) for email, name, roles in TEAM]


def _member(email: str, name: str, roles: tuple[str, ...]) -> User:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name, is_staff=True)
    for role in roles:
        appoint(user=user, role=role, now=clock.now())
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(user, generate_totp_secret())
    return user


def _secret(email: str) -> str:
    authenticator = Authenticator.objects.get(user__email=email, type=Authenticator.Type.TOTP)
    return str(decrypt(authenticator.data["secret"]))
