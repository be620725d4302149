"""An account that was asked for has an end, wherever the worker that asked Stripe for it died."""

from __future__ import annotations

import pytest

from partners.models import Partner, PartnerAccount
from partners.operations.choose_stripe import choose_stripe
from partners.operations.make_accounts import make_accounts
from payments.models import StripeCall
from people import clock
from tests.local_stripe import LocalStripe
from tests.partners.stripe_payouts import StripePayouts
from tests.payments.kill_points import ACCOUNT_POINTS, killed_at, swept
from tests.payments.test_balance_with_sandbox import api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(sandbox: LocalStripe) -> PartnerAccount:
    """Asked for, and not yet asked of Stripe."""
    partner = Partner.objects.create(slug="dahlia", name="Dahlia's Hope")
    choose_stripe(partner_id=partner.pk, by=StripePayouts(sandbox).ana, now=clock.now())
    return PartnerAccount.objects.get()


def make() -> int:
    return make_accounts(now=clock.now())


def test_an_account_that_was_made_is_told_though_its_worker_died(asked: PartnerAccount) -> None:
    killed_at("after commit", make)
    swept()
    assert (StripeCall.objects.get().state, PartnerAccount.objects.get().state) == ("done", "asked")

    assert (make(), make()) == (1, 0)

    asked.refresh_from_db()
    assert (asked.state, asked.stripe_account) == ("made", StripeCall.objects.get().result_id)
    assert [one.metadata["attempt"] for one in api().accounts.list().data] == [f"account:{asked.ref}"]


def test_a_refusal_is_told_though_its_worker_died(asked: PartnerAccount) -> None:
    Partner.objects.update(remittance_email="nobody")
    killed_at("before told", make, ACCOUNT_POINTS)
    swept()
    assert (StripeCall.objects.get().state, PartnerAccount.objects.get().state) == ("failed", "asked")

    assert (make(), make()) == (1, 0)

    asked.refresh_from_db()
    assert (asked.state, bool(asked.refusal)) == ("refused", True)


def test_an_account_in_trouble_keeps_no_other_waiting(asked: PartnerAccount) -> None:
    other = Partner.objects.create(slug="rehope", name="ReHope")
    choose_stripe(partner_id=other.pk, by=asked.asked_by, now=clock.now())
    ref = other.stripe_accounts.get().ref
    StripeCall.objects.create(
        purpose="make_account", subject=ref, idempotency_key=f"account:{ref}", state="done", result_id="acct_1Other00",
        intended_at=clock.now(), next_attempt_at=clock.wall_now(),
    )  # fmt: skip

    assert make() == 1

    assert list(PartnerAccount.objects.order_by("pk").values_list("state", flat=True)) == ["made", "asked"]
