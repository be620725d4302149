"""Who acts when a command is run: whoever may run commands on the server vouches for it."""

from __future__ import annotations

from people.access import has_role
from people.models import User


class MayNot(ValueError):
    """The address is of nobody on the staff who may do this."""


def acting(email: str, *roles: str) -> User:
    """The member of staff with this address who holds one of the roles. Raises MayNot."""
    user = User.objects.filter(email=email.strip().lower(), is_staff=True, is_active=True).first()
    if user is None or not has_role(user, *roles):
        raise MayNot(f"{email} is no member of staff who is {' or '.join(roles)}.")
    return user
