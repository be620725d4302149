"""Stripe fails, processes die: every partner is paid once, and what is owed ends at the rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from partners.models import PartnerPayout, PayoutAttempt, PayoutBatch
from partners.operations import book_transfer, send_batch, send_transfers
from partners.operations.retry_payout import retry_payout
from payments.operations.list_balance_transactions import list_balance_transactions
from people import clock
from tests import asked
from tests.local_stripe import LocalStripe
from tests.partners.stripe_payouts import StripePayouts, findings, owed, states, unanswered
from tests.payments.kill_points import POINTS, _and_die, _die, killed_at, swept

pytestmark = pytest.mark.django_db(transaction=True)
PARTNERS = asked.size(8)  # 60 when asked to prove it
REST = 777
FAULTS: Final = [
    {"fault": "sticky_500", "method": "POST", "path": "/v1/transfers", "times": 1},
    {"fault": "applied_then_dropped", "method": "POST", "path": "/v1/transfers", "probability": 0.25},
    {"fault": "reset", "method": "POST", "path": "/v1/transfers", "probability": 0.2},
    {"fault": "status", "status": 503, "method": "POST", "path": "/v1/transfers", "probability": 0.2},
    {"fault": "cut_body", "keep_bytes": 10, "length": "full", "method": "POST", "path": "/v1/*", "probability": 0.2},
]
# Where the payouts' own steps can be cut, beside those around the call itself.
OWN_POINTS: Final[Mapping[str, list[tuple[Any, str, Callable[..., Any]]]]] = {
    "before phase 1": [(send_batch, "start_attempts", _die)],
    "phase 1 not committed": [(send_batch, "start_attempts", _and_die(send_batch.start_attempts))],
    "before the transfer": [(send_transfers, "make_transfer", _die)],
    "after the transfer": [(send_transfers, "make_transfer", _and_die(send_transfers.make_transfer))],
    "before the booking": [(book_transfer, "post_entry", _die)],
    "booking not committed": [(book_transfer, "finish_batches", _and_die(book_transfer.finish_batches))],
}


@pytest.fixture
def stage(sandbox: LocalStripe) -> StripePayouts:
    return StripePayouts(sandbox)


def send(stage: StripePayouts, batch: PayoutBatch) -> None:
    """What a person and the worker do again until it is done."""
    batch.refresh_from_db()
    if batch.state == PayoutBatch.State.APPROVED:
        send_batch.send_batch(batch_id=batch.pk, by=stage.ana, now=clock.now())
    send_transfers.send_transfers(now=clock.now())


@pytest.mark.parametrize("point", [*POINTS, *OWN_POINTS])
def test_killed_anywhere_the_partner_is_paid_once(stage: StripePayouts, point: str) -> None:
    stage.fund()
    dahlia = stage.partner("dahlia")
    stage.earn(dahlia, 2531, 1)
    batch = stage.approved()
    stage.earn(dahlia, REST, 2)

    killed_at(point, lambda: send(stage, batch), {**POINTS, **OWN_POINTS})
    for _ in range(2):
        send(stage, batch)
        swept()
    list_balance_transactions(now=clock.now())

    assert list(stage.at_stripe().values()) == [[2531]]
    assert (states(), owed(dahlia.partner), unanswered()) == (["settled"], (REST, 0), 0)
    assert list(PayoutAttempt.objects.values_list("number", "state")) == [(1, "settled")]
    assert findings() == []


def test_a_storm_of_faults_pays_every_partner_once(stage: StripePayouts) -> None:
    draw = random.Random(asked.seed(7))
    amounts = [draw.randint(2_500, 9_000) for _ in range(PARTNERS)]
    partners = [stage.partner(f"partner-{number}") for number in range(PARTNERS)]
    for number, (agreement, amount) in enumerate(zip(partners, amounts, strict=True)):
        stage.earn(agreement, amount, number)
    batch = stage.approved()
    for number, agreement in enumerate(partners):
        stage.earn(agreement, REST, PARTNERS + number)
    stage.fund(sum(amounts) - min(amounts))  # somebody is refused at first
    stage.sandbox.do("faults", seed=draw.randrange(10_000), api=FAULTS)

    send(stage, batch)
    for _ in range(4):
        swept()
    faults = sum(stage.sandbox._get("_sandbox/faults")["counts"]["api"].values())
    stage.sandbox._http.delete(f"{stage.sandbox.url}/_sandbox/faults", timeout=20)
    stage.sandbox.advance(hours=21)
    swept()
    list_balance_transactions(now=clock.now())
    refused = PartnerPayout.objects.filter(state="failed").count()
    stage.fund()
    for payout in PartnerPayout.objects.filter(state="failed"):
        retry_payout(payout_id=payout.pk, by=stage.ana, now=clock.now())
    send(stage, batch)
    list_balance_transactions(now=clock.now())

    asked.tell(
        f"{PARTNERS} partners, {faults} faults, {refused} refused at first, {PayoutAttempt.objects.count()} attempts"
    )
    assert sorted(stage.at_stripe().values()) == sorted([amount] for amount in amounts)
    assert [owed(agreement.partner) for agreement in partners] == [(REST, 0)] * PARTNERS
    assert (set(states()), unanswered(), findings()) == ({"settled"}, 0, [])
    assert faults > 0 and refused > 0
