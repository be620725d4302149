"""A partner is paid through Stripe: asked for on the desk, answered by the partner, called back, paid; lost, mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from partners.models import Agreement, Partner, PartnerAccount, PartnerPayout, PayoutBatch, PayoutHold
from partners.operations.activate_agreement import activate_agreement
from partners.operations.prepare_agreement import prepare_agreement
from partners.operations.send_transfers import send_transfers
from payments import tasks
from payments.models import StripeEvent
from payments.operations.list_balance_transactions import list_balance_transactions
from people import clock
from people.queries import local_day
from people.tasks import send_mails
from tests.journeys.visitor import Visitor
from tests.local_stripe import LocalStripe
from tests.partners.signing import keep
from tests.partners.stripe_payouts import StripePayouts, owed
from tests.partners.test_desk import signed_in, words
from tests.payments.kill_points import swept
from tests.payments.test_balance_with_sandbox import api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(webhooks: LocalStripe, live_server: Any, settings: Settings) -> Iterator[StripePayouts]:
    """Two people, money at Stripe, and an endpoint for what happens in partners' accounts."""
    wanted: Any = {"url": f"{live_server.url}/stripe/webhook", "enabled_events": ["account.updated"], "connect": True}
    endpoint = api().webhook_endpoints.create(wanted)
    settings.STRIPE_WEBHOOK_SECRETS = [*settings.STRIPE_WEBHOOK_SECRETS, endpoint.secret]
    stage = StripePayouts(webhooks)
    stage.fund()
    yield stage
    api().webhook_endpoints.delete(endpoint.id)


@pytest.fixture
def promise(stage: StripePayouts) -> Agreement:
    """A partner that nobody can pay yet, and is owed 25.31."""
    partner = Partner.objects.create(slug="dahlia", name="Dahlia's Hope", remittance_email="office@dahlia.example")
    today = local_day(clock.now())
    draft = prepare_agreement(
        partner=partner, scope_key="product:valor", scope_label="Valor", rate_num=100, rate_den=100,
        starts_on=today.replace(month=1, day=1), ends_on=today.replace(month=12, day=31), by=stage.ana, now=clock.now(),
    )  # fmt: skip
    agreement = activate_agreement(agreement_id=keep(draft, stage.ana, clock.now()).pk, by=stage.ben, now=clock.now())
    stage.earn(agreement, 2531, 1)
    return agreement


def work(stage: StripePayouts) -> None:
    """What worker and beat do."""
    stage.sandbox.drain()
    tasks.process_events()
    send_transfers(now=clock.now())
    list_balance_transactions(now=clock.now())
    send_mails()


def answers(partner: Visitor, stage: StripePayouts, answer: str = "finish") -> str:
    """The partner follows the link of its newest mail and answers Stripe's questions."""
    mail = next(one for one in stage.sandbox.mails("office@dahlia.example") if "/onboarding/" in one["text"])
    path = "/onboarding/" + mail["text"].partition("/onboarding/")[2].split()[0]
    partner.go(path)
    assert "You need its EIN" in partner.page
    partner.send(path)
    assert "Onboarding test page" in partner.page
    return partner.see(partner.http.post(partner.url, data={"answer": answer}, timeout=30))


def test_from_the_desk_to_the_partners_bank(stage: StripePayouts, promise: Agreement, live_server: Any) -> None:
    ana, ben, partner = signed_in(stage.ana), signed_in(stage.ben), Visitor(live_server.url)
    page = f"/desk/destinations/partner/{promise.partner_id}/"

    # Ana asks for the account; the partner is mailed a link, comes back unfinished, and then answers everything.
    assert "Now have the partner answer" in words(ana.post(f"{page}stripe/", follow=True))
    assert "Waits for answers" in words(ana.get(page))
    ana.post(f"{page}stripe/send/")
    work(stage)
    assert "Stripe still wants to know something" in answers(partner, stage, "restrict")
    work(stage)
    assert "company.verification.document" in words(ana.get(page))
    assert "bank account ending <strong>6789</strong>" in answers(partner, stage)
    work(stage)

    # Stripe's word made it a change that waits for the call-back; Ben calls.
    pending = promise.partner.destinations.get(state="pending")
    assert "On hold" in words(ana.get("/desk/payouts/"))
    assert "Call Dahlia&#x27;s Hope about its new destination" in words(ben.get("/desk/"))
    ben.post(f"/desk/destinations/{pending.pk}/confirm/", {"call-note": "Called +1 816 555 0100, read 6789."})
    assert promise.partner.destinations.get(state="active") == pending

    # Proposed by one, approved by the other, sent, and booked by Stripe's own line.
    payout = paid(stage, ana, ben)
    assert (payout.state, payout.batch.state) == ("settled", "settled")
    assert stage.at_stripe() == {pending.stripe_account: [2531]}
    assert owed(promise.partner) == (0, 0)
    assert "$25.31" in next(one["text"] for one in stage.sandbox.mails("office@dahlia.example") if "way" in one["text"])
    assert not StripeEvent.objects.filter(state="dead").exists()


def paid(stage: StripePayouts, ana: Client, ben: Client) -> PartnerPayout:
    ana.post("/desk/payouts/propose/", {"as_of": f"{local_day(clock.now()):%Y-%m-%d}"})
    batch = PayoutBatch.objects.latest("pk")
    ben.post(f"/desk/payouts/{batch.pk}/approve/", {"content_hash": batch.content_hash})
    ana.post(f"/desk/payouts/{batch.pk}/send/")
    work(stage)
    return PartnerPayout.objects.select_related("batch").get(batch=batch)


def test_an_account_is_lost_and_mended(stage: StripePayouts, promise: Agreement, live_server: Any) -> None:
    ana, ben, partner = signed_in(stage.ana), signed_in(stage.ben), Visitor(live_server.url)
    page = f"/desk/destinations/partner/{promise.partner_id}/"
    ana.post(f"{page}stripe/")
    ana.post(f"{page}stripe/send/")
    work(stage)
    answers(partner, stage)
    work(stage)
    pending = promise.partner.destinations.get(state="pending")
    ben.post(f"/desk/destinations/{pending.pk}/confirm/", {"call-note": "Called, read 6789."})

    # Stripe wants a document and pays nothing there until it has it.
    stage.sandbox.do(f"accounts/{pending.stripe_account}/onboard", restricted=True)
    work(stage)
    hold = PayoutHold.objects.get(lifted_at=None)
    assert "On hold: stripe does not pay its account any more." in words(ana.get("/desk/payouts/"))
    refused = words(ben.post(f"/desk/destinations/holds/{hold.pk}/lift/", {f"lift{hold.pk}-note": "ok"}, follow=True))
    assert "takes no transfers" in refused

    # Nobody's webhook arrives; staff ask Stripe, and Ben lifts the hold with what was said on the phone.
    stage.sandbox.pause_webhooks()
    stage.sandbox.do(f"accounts/{pending.stripe_account}/onboard")
    assert "Takes transfers" in words(ana.post(f"{page}stripe/look/", follow=True))
    ben.post(f"/desk/destinations/holds/{hold.pk}/lift/", {f"lift{hold.pk}-note": "Called: they sent the document."})
    stage.sandbox.resume_webhooks()
    assert paid(stage, ana, ben).state == "settled"

    # A month later the account pays out to another bank: the sweep sees it before any event does.
    stage.sandbox.pause_webhooks()
    stage.sandbox.do(f"accounts/{pending.stripe_account}/bank", last4="0042")
    tasks.sweep()
    assert promise.partner.destinations.get(state="pending").label == "Stripe account, bank ending 0042"
    assert PayoutHold.objects.filter(lifted_at=None, reason="destination").exists()


def test_ana_may_open_the_questions_but_then_ben_calls(stage: StripePayouts, promise: Agreement) -> None:
    ana, page = signed_in(stage.ana), f"/desk/destinations/partner/{promise.partner_id}/"
    signed_in(stage.ben).post(f"{page}stripe/")

    opened = ana.post(f"{page}stripe/open/")

    assert opened.status_code == 303
    requests.post(
        requests.get(opened["Location"], timeout=5).url, data={"answer": "finish"}, timeout=5, allow_redirects=False
    )
    work(stage)
    pending = promise.partner.destinations.get(state="pending")
    said = words(ana.post(f"/desk/destinations/{pending.pk}/confirm/", {"call-note": "I called"}, follow=True))
    assert "You have been at Stripe&#x27;s questions" in said
    pending.refresh_from_db()
    assert pending.state == "pending"


def test_stripe_is_away_and_the_account_is_made_by_itself(stage: StripePayouts, promise: Agreement) -> None:
    ana, page = signed_in(stage.ana), f"/desk/destinations/partner/{promise.partner_id}/"
    stage.sandbox.do("faults", api=[{"fault": "status", "status": 503, "method": "POST", "path": "/v2/*", "times": 9}])

    assert "Stripe has not answered yet" in words(ana.post(f"{page}stripe/", follow=True))
    stage.sandbox._http.delete(f"{stage.sandbox.url}/_sandbox/faults", timeout=20)
    ana.post(f"{page}stripe/")
    swept()

    assert PartnerAccount.objects.get().state == "made"
    assert len(api().accounts.list().data) == 1
