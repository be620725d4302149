"""A transfer on the desk: found by its id and by that of what was taken back, with the payout that it stands for."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from ledger.models import Entry
from partners.models import Agreement, PartnerPayout, PayoutPolicy
from payments.models import StripeCall, Transfer, TransferReversal
from payments.sources import describe_stripe
from people.models import User
from tests.ledger.facts import balance_transaction, post
from tests.partners import conftest as people
from tests.partners.conftest import NOW
from tests.partners.money import earn
from tests.partners.test_desk import QUERIES_MAX, signed_in, words
from tests.partners.test_payouts import sent
from tests.payments.desk_rows import booked

pytestmark = pytest.mark.django_db
ana, ben, org, dahlias_hope, valor = people.ana, people.ben, people.org, people.dahlias_hope, people.valor


@pytest.fixture
def payout(valor: Agreement, ana: User, ben: User, monkeypatch: pytest.MonkeyPatch) -> PartnerPayout:
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    PayoutPolicy.objects.update_or_create(defaults={"refund_window_days": 0})
    earn(valor, 20_000, 1)
    return sent(ana, ben).payouts.get()


@pytest.fixture
def desk(ana: User) -> Client:
    return signed_in(ana)


def transfer(payout: PartnerPayout | None, transfer_id: str = "tr_desk") -> Transfer:
    """$40.00 sent and booked, of which $5.00 came back; nobody's when there is no payout."""
    ours: dict[str, Any] = {}
    if payout is not None:
        call = StripeCall.objects.create(
            purpose="transfer", subject=payout.ref, idempotency_key=f"transfer:{payout.ref}:1", params_hash="0" * 64,
            state="done", result_id=transfer_id, intended_at=NOW, next_attempt_at=NOW,
        )  # fmt: skip
        ours = {"call": call, "kind": "payout", "subject": payout.ref}
    row = Transfer.objects.create(
        transfer_id=transfer_id, destination_id="acct_dahlia", group="payout_batch:1", amount_minor=4000,
        currency="usd", created_at=NOW, bt_id=f"txn_{transfer_id}", booked_at=NOW, **ours,
    )  # fmt: skip
    TransferReversal.objects.create(
        reversal_id="trr_desk", transfer=row, amount_minor=500, currency="usd", created_at=NOW, bt_id="txn_back"
    )
    post(balance_transaction("txn_tr_desk", source="stripe:transfer:tr_desk"))
    entry = Entry.objects.get(idempotency_key="stripe:bt:txn_tr_desk")
    booked("txn_tr_desk", NOW, source_id=transfer_id, amount_minor=-4000, category="transfer", entry=entry)
    booked("txn_back", NOW, source_id="trr_desk", amount_minor=500, category="transfer", problem="not_open")
    return row


@pytest.mark.parametrize("stripe_id", ["tr_desk", "trr_desk"])
def test_a_transfer_leads_to_its_payout_its_partner_and_its_entry(
    payout: PartnerPayout, desk: Client, stripe_id: str, django_assert_max_num_queries: Any
) -> None:
    transfer(payout)

    with django_assert_max_num_queries(QUERIES_MAX):
        page = words(desk.get(f"/desk/stripe/objects/{stripe_id}/"))

    assert "$40.00 sent to an account at Stripe" in page and "$5.00" in page
    assert f'href="/desk/payouts/{payout.batch_id}/{payout.pk}/"' in page
    assert escape(f"Payout {payout.reference} to {payout.partner.name}") in page
    assert all(f'<span class="mono stripe-id">{one}</span>' in page for one in ("tr_desk", "trr_desk", "acct_dahlia"))
    assert f'href="/desk/entries/{Entry.objects.get(idempotency_key="stripe:bt:txn_tr_desk").pk}/"' in page
    assert 'href="/desk/stripe/balance/txn_back/"' in page
    assert f'href="/desk/stripe/calls/{StripeCall.objects.get().pk}/"' in page


def test_its_call_and_its_balance_transaction_lead_to_entry_and_payout(payout: PartnerPayout, desk: Client) -> None:
    transfer(payout)
    entry = Entry.objects.get(idempotency_key="stripe:bt:txn_tr_desk")

    for page in (f"/desk/stripe/calls/{StripeCall.objects.get().pk}/", "/desk/stripe/balance/txn_tr_desk/"):
        shown = words(desk.get(page))
        assert f'href="/desk/entries/{entry.pk}/"' in shown, page
        assert f'href="/desk/payouts/{payout.batch_id}/{payout.pk}/"' in shown, page


def test_a_transfer_that_nobody_here_asked_for_says_so(payout: PartnerPayout, desk: Client) -> None:
    transfer(None)

    page = words(desk.get("/desk/stripe/objects/tr_desk/"))

    assert "No call of ours made this transfer" in page
    assert payout.reference not in page


def test_its_id_is_found_and_its_entry_leads_to_it(payout: PartnerPayout, desk: Client) -> None:
    for stripe_id in ("tr_desk", "trr_desk"):
        assert desk.get("/desk/stripe/find/", {"id": stripe_id})["Location"] == "/desk/stripe/"
    transfer(payout)

    for stripe_id in ("tr_desk", "trr_desk"):
        page = f"/desk/stripe/objects/{stripe_id}/"
        assert desk.get("/desk/stripe/find/", {"id": stripe_id})["Location"] == page
    entry = Entry.objects.get(idempotency_key="stripe:bt:txn_tr_desk")
    assert describe_stripe([entry.source])[entry.source].href == "/desk/stripe/objects/tr_desk/"
    assert 'href="/desk/stripe/objects/tr_desk/"' in words(desk.get(f"/desk/entries/{entry.pk}/"))
