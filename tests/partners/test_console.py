"""What one person changes in the console and payouts hang on is told to those whom it could deceive."""

from __future__ import annotations

import pytest
from django.test import Client

from partners.models import Partner, PartnerAccount, PayoutPolicy
from partners.onboarding_links import address_of
from payments.models import StripeCall
from people.models import Mail, User
from tests.partners.conftest import NOW
from tests.partners.test_desk import signed_in, today, words

pytestmark = pytest.mark.django_db
__all__ = ["today"]


@pytest.fixture
def console(ana: User) -> Client:
    """A superuser at the records."""
    ana.is_superuser = True
    ana.save()
    return signed_in(ana)


def save(console: Client, partner: Partner, **fields: str) -> None:
    page = f"/console/partners/partner/{partner.pk}/change/"
    form = console.get(page).context["adminform"].form
    typed = {name: value for name, value in form.initial.items() if value not in (None, "")}
    contacts = {"contacts-TOTAL_FORMS": "0", "contacts-INITIAL_FORMS": "0"}
    assert console.post(page, typed | contacts | fields).status_code == 302


def test_the_old_address_hears_that_another_is_told(console: Client, dahlias_hope: Partner) -> None:
    save(console, dahlias_hope, remittance_email="office@dahlia.example")
    assert not Mail.objects.exists()
    save(console, dahlias_hope, about="Other words.")
    assert not Mail.objects.exists()

    save(console, dahlias_hope, remittance_email="other@evil.example")

    mail = Mail.objects.get()
    assert mail.to == "office@dahlia.example"
    assert "go to another address from now on" in mail.text and "evil" not in mail.text + mail.html


def test_the_approvers_hear_of_a_rule_that_was_changed(console: Client, org: object, ben: User) -> None:
    typed = {
        "refund_window_days": "14", "minimum_minor": "2500", "destination_wait_days": "0", "prenote_wait_days": "3",
    }  # fmt: skip
    assert console.post("/console/partners/payoutpolicy/add/", typed).status_code == 302

    mail = Mail.objects.get()
    assert (mail.to, PayoutPolicy.objects.get().destination_wait_days) == (ben.email, 0)
    assert "Ana changed the rules" in mail.text
    assert "destination wait days: 1, now 0" in mail.text and "refund window" not in mail.text

    console.post("/console/partners/payoutpolicy/1/change/", typed)
    assert Mail.objects.count() == 1


def test_no_record_shows_or_finds_the_link_that_a_partner_was_sent(
    console: Client, dahlias_hope: Partner, ana: User
) -> None:
    account = PartnerAccount.objects.create(
        partner=dahlias_hope, asked_by=ana, asked_at=NOW, state="made", stripe_account="acct_1Dahlia00"
    )
    address = address_of(account)
    mail = Mail.objects.create(to="office@dahlia.example", text=address, created_at=NOW, next_attempt_at=NOW)
    call = StripeCall.objects.create(
        purpose="link_account", params={"return_url": address}, intended_at=NOW, next_attempt_at=NOW
    )
    records, mails = "/console/payments/stripecall/", "/console/people/mail/"

    for page in (records, f"{records}{call.pk}/change/", mails, f"{mails}{mail.pk}/change/"):
        assert address.rpartition("/onboarding/")[2] not in words(console.get(page))
    for asked in (f"{records}?params__return_url__contains=MQ", f"{mails}?text__contains=MQ"):
        assert console.get(asked).status_code == 400
