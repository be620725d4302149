"""A fund is defined once, and what it is given stands in the books under its restriction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from donations.models import Fund, Gift
from donations.operations.define_fund import BadTier, RestrictionFixed, define_fund
from donations.operations.record_gift import record_gift
from ledger.models import Account
from people.models import Organisation, User
from tests.donations.conftest import checkout_paid

FUND = "/console/donations/fund/"
PURPOSES = ("contributions", "prior_year_refunds")


def restrictions() -> dict[tuple[str, str], str]:
    rows = Account.objects.filter(purpose__in=PURPOSES).values_list("purpose", "owner", "restriction")
    return {(purpose, owner): restriction for purpose, owner, restriction in rows}


def define(restriction: str = "purpose", **fields: Any) -> Fund:
    return define_fund(
        **{"slug": "seed", "name": "Seed", "purpose": "Seeds.", "tiers_minor": [2500], **fields},
        restriction=restriction,
    )


@pytest.mark.parametrize(("word", "in_the_books"), [("none", "without"), ("purpose", "purpose"), ("donor", "purpose")])
def test_the_accounts_of_a_fund_carry_its_restriction(org: Organisation, word: str, in_the_books: str) -> None:
    define(word)
    define(word)

    assert restrictions() == {(purpose, "fund:seed"): in_the_books for purpose in PURPOSES}


def test_a_gift_is_posted_to_the_account_that_its_fund_has(gift: Gift, now: datetime) -> None:
    before = list(Account.objects.values_list("pk", flat=True))

    record_gift(checkout_paid(gift, now), now=now)

    account = Account.objects.get(purpose="contributions")
    assert account.pk in before
    assert (account.owner, account.restriction) == ("fund:seed-collective", "purpose")


def test_a_fund_never_changes_what_its_money_was_given_for(org: Organisation) -> None:
    define("purpose")

    with pytest.raises(RestrictionFixed, match="4010/fund:seed in usd is purpose, not without"):
        define("none", name="Other")

    fund = Fund.objects.get()
    assert (fund.restriction, fund.name) == ("purpose", "Seed")


def test_a_fund_is_defined_again_without_change(fund: Fund) -> None:
    again = define_fund(slug=fund.slug, name="Seed Collective", purpose=fund.purpose, tiers_minor=[2500, 1500])

    assert again.pk == fund.pk
    assert [tier.amount_minor for tier in again.tiers.all()] == [1500, 2500]


def test_an_amount_outside_the_bounds_is_refused_by_name(org: Organisation) -> None:
    with pytest.raises(BadTier, match="seed"):
        define(tiers_minor=[50])

    assert not Fund.objects.exists() and not Account.objects.exists()


def test_a_fund_of_the_console_has_its_accounts_and_keeps_its_restriction(client: Client, org: Organisation) -> None:
    staff = User.objects.create_user("staff@example.org", is_staff=True, is_superuser=True)
    TOTP.activate(staff, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    client.force_login(staff)
    typed = {
        "slug": "seed", "name": "Seed", "purpose": "Seeds.", "restriction": "donor", "minimum_minor": 100,
        "maximum_minor": 1000, "position": 0, "tiers-TOTAL_FORMS": 0, "tiers-INITIAL_FORMS": 0,
    }  # fmt: skip

    made = client.post(f"{FUND}add/", typed)
    changed = client.post(f"{FUND}{Fund.objects.get().pk}/change/", typed | {"name": "Seeds", "restriction": "none"})

    assert (made.status_code, changed.status_code) == (302, 302)
    assert restrictions() == {(purpose, "fund:seed"): "purpose" for purpose in PURPOSES}
    assert (Fund.objects.get().name, Fund.objects.get().restriction) == ("Seeds", "donor")
