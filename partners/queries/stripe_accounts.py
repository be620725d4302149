"""How partners' accounts at Stripe stand, and what that means for paying into them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from partners.models import Method, OnboardingLink, Partner, PartnerAccount, PayoutDestination
from payments.models import ConnectedAccount
from people.models import User


@dataclass(frozen=True, slots=True)
class AccountState:
    """A partner's account, with what the processor last showed; `seen` is None before it exists there."""

    account: PartnerAccount
    seen: ConnectedAccount | None
    links: tuple[OnboardingLink, ...]


def account_state(partner: Partner) -> AccountState | None:
    """The newest account of a partner. Three queries at most."""
    account = partner.stripe_accounts.select_related("asked_by").order_by("-pk").first()
    if account is None:
        return None
    seen = (
        ConnectedAccount.objects.filter(account_id=account.stripe_account).first() if account.stripe_account else None
    )
    links = tuple(account.links.select_related("made_by").order_by("-pk")[:3])
    return AccountState(account, seen, links)


def trouble_with(destinations: Iterable[PayoutDestination]) -> dict[int, str]:
    """Destinations that the call-back does not cover any more, each with the reason. One query if any is Stripe's.

    Under the partners' locks it stays true. What was confirmed before accounts were followed has no row here.
    """
    at_stripe = [one for one in destinations if one.method == Method.CONNECT]
    if not at_stripe:
        return {}
    rows = PartnerAccount.objects.filter(stripe_account__in=[one.stripe_account for one in at_stripe])
    known = {row.stripe_account: row for row in rows}
    found = {}
    for one in at_stripe:
        row = known.get(one.stripe_account)
        if row is not None and not row.takes_transfers:
            found[one.pk] = "Stripe takes no transfers for its account"
        elif row is not None and row.bank_mark != one.fingerprint:
            found[one.pk] = "Stripe pays its account out to another bank than the one that was called back"
    return found


def led_to_stripe(user: User, destinations: Collection[PayoutDestination]) -> set[str]:
    """Accounts among these at whose questions `user` has been, where bank details are typed. One query if any is."""
    accounts = [one.stripe_account for one in destinations if one.method == Method.CONNECT]
    if not accounts:
        return set()
    links = OnboardingLink.objects.filter(made_by=user, account__stripe_account__in=accounts)
    return set(links.values_list("account__stripe_account", flat=True))
