"""Payouts, destinations, returns and prenotes on the desk, and a partner's way to Stripe: on a phone and a desktop."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from partners.bank.bank_days import after
from partners.destination_details import Details
from partners.models import AchOriginator, Agreement, BankAccount, PartnerAccount, PayoutAttempt
from partners.onboarding_links import token_of
from partners.operations.change_destination import change_destination
from partners.operations.check_returns import check_returns
from partners.operations.choose_stripe import choose_stripe
from partners.operations.confirm_destination import confirm_destination
from partners.operations.make_accounts import make_accounts
from partners.operations.make_ach_file import make_ach_file, make_prenote_file
from partners.operations.send_batch import send_batch
from people import clock
from people.queries import local_day
from tests.browser.person import Person
from tests.browser.test_stripe_desk import come_in
from tests.local_stripe import LocalStripe
from tests.partners.return_files import entry, file_of
from tests.partners.stripe_payouts import StripePayouts
from tests.partners.test_ach import OURS

pytestmark = pytest.mark.django_db(transaction=True)
ACH = Details(method="ach", words="Commerce Bank", routing="121000358", account="000123456789", account_kind="checking")


@pytest.fixture(autouse=True)
def green_books() -> None:
    """Shares are laid here as rows, without the balance that pays them: the pages are looked at."""


@pytest.fixture
def sent(stage: LocalStripe) -> StripePayouts:
    """A batch in an ACH file of which one payout came back; a partner whose Stripe account waits for its answers."""
    AchOriginator.objects.get_or_create(defaults=OURS)
    payouts = StripePayouts(stage)
    for user in (payouts.ana, payouts.ben):
        Authenticator.objects.create(user=user, type="totp", data={})
    for number, slug in enumerate(("dahlias-garden", "restoration-home"), start=1):
        agreement = payouts.partner(slug)
        ach(payouts, agreement)
        payouts.earn(agreement, 4000 * number, number)
    now = clock.now()
    day = after(local_day(now), 1)
    batch = send_batch(batch_id=payouts.approved().pk, by=payouts.ana, now=now)
    make_ach_file(batch_id=batch.pk, by=payouts.ana, effective_on=day, now=now)
    asked_stripe(payouts, payouts.partner("willow-house"))
    make_prenote_file(by=payouts.ana, effective_on=day, now=now)
    came_back(payouts)
    return payouts


def ach(payouts: StripePayouts, agreement: Agreement) -> None:
    now = clock.now()
    entered = change_destination(partner_id=agreement.partner_id, details=ACH, by=payouts.ana, now=now)
    confirm_destination(destination_id=entered.pk, by=payouts.ben, note="Called the director.", now=now)


def asked_stripe(payouts: StripePayouts, agreement: Agreement) -> None:
    now = clock.now()
    choose_stripe(partner_id=agreement.partner_id, by=payouts.ana, now=now)
    make_accounts(now=now)
    change_destination(partner_id=agreement.partner_id, details=ACH, by=payouts.ana, now=now)


def came_back(payouts: StripePayouts) -> None:
    first, second = PayoutAttempt.objects.order_by("pk").values_list("external_id", flat=True)
    back = entry(first.partition(":")[2], 4000, "R03")
    content = file_of(back, entry(second.partition(":")[2], 0, "C01", "000999990042"))
    account, _ = BankAccount.objects.get_or_create(name="Checking")
    check_returns(account=account, file_name="returns-1127.ach", content=content, by=payouts.ana, now=clock.now())


@pytest.mark.parametrize("phone", [True, False])
def test_the_pages_of_payouts(person: Any, sent: StripePayouts, phone: bool) -> None:
    ana: Person = person(phone=phone)
    come_in(ana, sent.ana.email)

    ana.go("/desk/payouts/")
    ana.look("payouts")
    ana.follow("Batch")
    ana.look("batch")
    ana.follow("share")
    ana.look("payout")
    for name, words in (("prenotes", "Prenotes"), ("returns", "ACH returns"), ("places", "Where partners are paid")):
        ana.go("/desk/payouts/")
        ana.page.locator("main section").get_by_role("link", name=words).click()
        ana.look(name)
    ana.follow("Willow-House")
    ana.reads("Waits for answers")
    ana.look("place")
    ana.go("/desk/payouts/ach-returns/")
    ana.follow("returns-1127.ach")
    ana.look("returns-file")
    ana.go("/desk/history/?topic=Destinations")
    ana.look("history")


def test_a_partner_on_a_phone_goes_to_stripe_and_back(person: Any, sent: StripePayouts) -> None:
    account = PartnerAccount.objects.get()
    partner: Person = person(phone=True)

    partner.go(f"/onboarding/{token_of(account)}/")
    partner.look("onboarding")
    partner.press("Go to Stripe's questions")
    partner.page.wait_for_url("**/c/onboarding/**")
    partner.page.get_by_role("button", name="Answer everything").click()
    partner.reads("Thank you, that is all")
    partner.look("onboarding-back")
