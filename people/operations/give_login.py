"""A supporter can sign in by a code sent to their address."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from people.models import Supporter, User


def give_login(*, supporter: Supporter) -> User:
    """The supporter's user, made without a password when there is none, and tied to the supporter.

    The code that signs them in goes to the address itself, so nothing is given away by making the row. A user who is
    another supporter already (their address changed since) stays that one: a user is one supporter.
    """
    if supporter.user is not None:
        return supporter.user
    user = User.objects.filter(email__iexact=supporter.email).first()
    if user is None:
        user = User.objects.create_user(supporter.email, name=supporter.name)
    has_primary = EmailAddress.objects.filter(user=user, primary=True).exists()
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": False, "primary": not has_primary}
    )
    if not Supporter.objects.filter(user=user).exists():
        Supporter.objects.filter(pk=supporter.pk, user__isnull=True).update(user=user)
        supporter.user = user
    return user
