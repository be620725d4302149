"""Transfers to connected accounts: sent once for an attempt, booked by whoever asked, in suspense when nobody did."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from ledger import builders
from ledger.models import Entry, ReconciliationException
from ledger.operations.post_entry import Outcome, post_entry
from ledger.queries import balance
from payments import registry, tasks
from payments.facts import Fact, TransferMade, TransferRefused, TransferReversed
from payments.models import BalanceTransaction, StripeCall, Transfer, TransferReversal
from payments.operations.ask_unfinished import ask_unposted
from payments.operations.make_transfer import (
    AttemptKeyReused,
    NothingToSend,
    StripeRefused,
    StripeUnavailable,
    TransferRequest,
    make_transfer,
)
from payments.operations.reconcile import reconcile
from payments.readers import read_transfer
from people import clock
from people.queries import local_day
from tests import asked
from tests.local_stripe import LocalStripe
from tests.payments.kill_points import POINTS, TIMES, killed_at, swept
from tests.payments.test_balance_with_sandbox import api, compared, found, listed, named, process
from tests.payments.test_with_sandbox import months

__all__ = ["months"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("months", "told")]
FUNDS, SENT = 90_000, 2_531


@pytest.fixture
def account(sandbox: LocalStripe) -> str:
    """A partner's connected account that can be paid, and 900.00 in our balance."""
    partner: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    made = api().accounts.create(partner)
    sandbox.do(f"accounts/{made.id}/onboard")
    sandbox.do("balance_transactions", type="topup", amount=FUNDS, available_in_s=0)
    return str(made.id)


@pytest.fixture
def payouts(told: list[Fact]) -> Iterator[list[Fact]]:
    """What partners will register: each booking gets its entry, whoever the partner is."""
    for row in ("created", "reversed", "updated"):
        registry.reads(f"transfer.{row}", read_transfer)

    def book(fact: Any, *, now: datetime) -> Outcome:
        told.append(fact)
        if isinstance(fact, TransferRefused):
            return Outcome.POSTED
        build = builders.transfer if isinstance(fact, TransferMade) else builders.transfer_reversed
        draft = build(
            bt_ref=fact.bt_ref,
            partner="partner:7",
            amount_minor=fact.amount_minor,
            source=fact.subject,
            event_at=fact.at,
            effective_on=local_day(fact.at),
            currency=fact.currency,
        )
        return post_entry(draft, now=now).outcome

    for fact_type in (TransferMade, TransferReversed, TransferRefused):
        registry.on(fact_type, "payout", book)
    yield told


def wanted(account: str, **changes: Any) -> TransferRequest:
    about: dict[str, Any] = {
        "kind": "payout",
        "subject": "payout:12",
        "destination": account,
        "amount_minor": SENT,
        "currency": "usd",
        "group": "payout_batch:3",
        "attempt_key": "payout:12:1",
    }
    return TransferRequest(**about | changes)


def send(account: str, **changes: Any) -> str:
    return make_transfer(request=wanted(account, **changes), now=clock.now())


def partner() -> tuple[int, int]:
    """(in flight, payable) of the partner, as the ledger signs them; phase 1 is the caller's and not played here."""
    return balance("payout_in_flight", owner="partner:7"), balance("payable", owner="partner:7")


def at_stripe() -> list[tuple[int, str]]:
    return [(one.amount, one.metadata["attempt"]) for one in api().transfers.list().data]


def test_a_transfer_is_booked_under_the_key_of_its_balance_transaction(account: str, payouts: list[Fact]) -> None:
    ref = send(account)
    listed()

    (fact,) = payouts
    assert isinstance(fact, TransferMade)
    assert (fact.subject, fact.transfer_ref, fact.amount_minor) == ("payout:12", ref, SENT)
    row = BalanceTransaction.objects.get(category="transfer")
    assert (row.entry.idempotency_key, row.entry.kind, fact.bt_ref) == (row.ref, "transfer", row.ref)  # type: ignore[union-attr]
    assert (balance("stripe_balance"), partner()) == (FUNDS - SENT, (SENT, 0))
    assert (compared(), named(), found()) == ([("usd", FUNDS - SENT, 0)], [], {})
    assert api().transfers.list({"transfer_group": "payout_batch:3"}).data[0].metadata["subject"] == "payout:12"


def test_the_same_attempt_sends_once_and_another_meaning_is_a_mistake(account: str, payouts: list[Fact]) -> None:
    assert send(account) == send(account)

    with pytest.raises(AttemptKeyReused):
        send(account, amount_minor=SENT + 1)
    with pytest.raises(AttemptKeyReused):
        send("acct_other")
    assert len(at_stripe()) == StripeCall.objects.count() == Entry.objects.filter(kind="transfer").count() == 1


@pytest.mark.parametrize("change", [{"amount_minor": 0}, {"amount_minor": -1}, {"destination": ""}, {"group": ""}])
def test_nothing_is_asked_for_what_cannot_be_sent(account: str, change: dict[str, Any]) -> None:
    with pytest.raises(NothingToSend):
        send(account, **change)

    assert not StripeCall.objects.exists()


def test_what_stripe_refuses_is_told_each_time_and_a_new_attempt_may_be_made(account: str, payouts: list[Fact]) -> None:
    for _ in range(2):
        with pytest.raises(StripeRefused):
            send(account, amount_minor=FUNDS + 1)

    told = [fact for fact in payouts if isinstance(fact, TransferRefused)]
    assert [(fact.attempt_key, fact.code) for fact in told] == [("payout:12:1", "balance_insufficient")] * 2
    send(account, attempt_key="payout:12:2")
    assert at_stripe() == [(SENT, "transfer:payout:12:2")]


def test_an_answer_that_was_lost_is_asked_for_again_under_its_key(
    sandbox: LocalStripe, account: str, payouts: list[Fact]
) -> None:
    lost = {"fault": "applied_then_dropped", "method": "POST", "path": "/v1/transfers", "times": 3}
    sandbox.do("faults", seed=1, api=[lost])

    with pytest.raises(StripeUnavailable):
        send(account)
    assert StripeCall.objects.get().state == "unknown"
    swept()

    assert at_stripe() == [(SENT, "transfer:payout:12:1")]
    assert StripeCall.objects.get().state == "done"
    assert partner() == (SENT, 0)


def test_a_stored_failure_is_looked_for_by_the_group(sandbox: LocalStripe, account: str, payouts: list[Fact]) -> None:
    sandbox.do("faults", seed=1, api=[{"fault": "sticky_500", "key": "transfer:*", "applied": True, "times": 1}])

    send(account)

    assert at_stripe() == [(SENT, "transfer:payout:12:1")]
    assert (StripeCall.objects.get().state, partner()) == ("done", (SENT, 0))


def test_sent_before_in_other_words_it_is_found_and_nothing_is_restored(account: str, payouts: list[Fact]) -> None:
    key, before = "transfer:payout:12:1", {"amount": SENT, "currency": "usd", "transfer_group": "payout_batch:3"}
    ours = {"kind": "payout", "subject": "payout:12", "request": "payout:12:1", "attempt": key}
    words: Any = before | {"destination": account, "description": "for October", "metadata": ours}
    api().transfers.create(words, {"idempotency_key": key})

    send(account)

    assert at_stripe() == [(SENT, key)]
    assert (StripeCall.objects.get().state, partner()) == ("done", (SENT, 0))
    assert not [fact for fact in payouts if isinstance(fact, TransferRefused)]


def test_what_never_arrived_is_refused_after_a_day_and_no_earlier(
    sandbox: LocalStripe, account: str, payouts: list[Fact]
) -> None:
    sandbox.do("faults", seed=1, api=[{"fault": "sticky_500", "key": "transfer:*", "times": 1}])
    with pytest.raises(StripeUnavailable):
        send(account)
    swept()
    assert (StripeCall.objects.get().state, payouts) == ("unknown", [])

    sandbox.advance(hours=21)
    swept()

    assert [type(fact) for fact in payouts] == [TransferRefused]
    assert (StripeCall.objects.get().state, at_stripe(), partner()) == ("failed", [], (0, 0))


@pytest.mark.parametrize("amounts", [[SENT], [531, 2_000]])
def test_what_is_taken_back_is_owed_again(account: str, payouts: list[Fact], amounts: list[int]) -> None:
    ref = send(account)
    for amount in amounts:
        api().transfers.reversals.create(ref.rpartition(":")[2], {"amount": amount})

    listed()

    assert (balance("stripe_balance"), partner()) == (FUNDS, (SENT, -SENT))
    backs = {fact.amount_minor for fact in payouts if isinstance(fact, TransferReversed)}
    assert backs == set(amounts)
    assert TransferReversal.objects.count() == len(amounts)
    assert (compared(), named(), found()) == ([("usd", FUNDS, 0)], [], {})


def test_events_tell_of_it_too(webhooks: LocalStripe, account: str, payouts: list[Fact]) -> None:
    ref = send(account)
    api().transfers.reversals.create(ref.rpartition(":")[2], {"amount": 31})
    webhooks.drain()
    process()

    assert (partner(), balance("stripe_balance")) == ((SENT, -31), 31 - SENT)
    listed()
    assert compared() == [("usd", FUNDS - SENT + 31, 0)]


def test_the_reconciler_finds_it_without_events(account: str, payouts: list[Fact]) -> None:
    send(account)
    for model in (BalanceTransaction, Transfer):
        model.objects.all().delete()
    payouts.clear()

    now = clock.now()
    report = reconcile(since=now - timedelta(hours=1), until=now, repair=True, now=now)

    assert "transfer" in [finding.kind for finding in report.findings]
    assert [type(fact) for fact in payouts] == [TransferMade]
    assert Entry.objects.filter(kind="transfer").count() == 1


@pytest.mark.parametrize(
    "metadata", [{}, {"kind": "payout", "subject": "payout:12", "attempt": "transfer:payout:12:1"}]
)
def test_one_that_nobody_of_ours_made_is_in_suspense_and_named(
    account: str, payouts: list[Fact], metadata: dict[str, str]
) -> None:
    """Somebody at the dashboard copied even our own words."""
    send(account)
    stranger = api().transfers.create(
        {"amount": 700, "currency": "usd", "destination": account, "metadata": metadata}  # type: ignore[arg-type]
    )
    api().transfers.reversals.create(stranger.id, {"amount": 200})

    listed()

    assert (partner(), balance("suspense")) == ((SENT, 0), 500)
    assert sorted(named()) == [("balance_transaction_in_suspense", -700), ("balance_transaction_in_suspense", 200)]
    assert len(payouts) == 1
    assert (compared(), found()) == ([("usd", FUNDS - SENT - 500, 0)], {})
    assert Transfer.objects.get(transfer_id=stranger.id).call is None


def test_without_anybody_to_book_it_it_is_in_suspense(account: str) -> None:
    send(account)
    listed()

    assert balance("suspense") == SENT
    assert named() == [("balance_transaction_in_suspense", -SENT)]


def test_while_its_owner_cannot_book_it_it_is_named_and_asked_about(
    account: str, payouts: list[Fact], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = dict(registry._operations)
    monkeypatch.setattr(
        registry, "_operations", {(TransferMade, "payout"): (lambda fact, *, now: Outcome.ALREADY_POSTED,)}
    )
    send(account)
    row = BalanceTransaction.objects.get(category="transfer")
    assert (row.problem, row.entry, balance("suspense")) == ("transfer_not_booked", None, 0)
    assert [kind for kind, _ in named()] == ["balance_transaction_not_posted"]

    monkeypatch.setattr(registry, "_operations", kept)
    assert ask_unposted(now=clock.now()) == 1

    row.refresh_from_db()
    assert (row.problem, row.entry is None, named()) == ("", False, [])
    assert ReconciliationException.objects.get().resolution == "gone"
    assert partner() == (SENT, 0)


def test_a_rival_who_sends_the_same_attempt_gets_the_same_transfer(account: str, payouts: list[Fact]) -> None:
    start = threading.Barrier(4)

    def rival(_: int) -> str:
        start.wait(timeout=20)
        try:
            return send(account)
        except StripeUnavailable:
            return "unavailable"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        refs = set(pool.map(rival, range(4))) - {"unavailable"}

    assert len(refs) == len(at_stripe()) == Entry.objects.filter(kind="transfer").count() == 1


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_it_is_sent_and_booked_once(account: str, payouts: list[Fact], point: str) -> None:
    for number in range(1, TIMES + 1):
        about = {"attempt_key": f"payout:{number}:1", "subject": f"payout:{number}"}
        killed_at(point, partial(send, account, **about))
        swept()
        if not StripeCall.objects.filter(subject=about["subject"]).exists():
            send(account, **about)  # nobody remembers it: the payout's own sweep asks again

        tasks.list_balance()

        assert (SENT, f"transfer:{about['attempt_key']}") in at_stripe()
        call = StripeCall.objects.get(subject=about["subject"])
        assert (call.state, Transfer.objects.filter(subject=about["subject"]).count()) == ("done", 1)
        assert (Transfer.objects.count(), Entry.objects.filter(kind="transfer").count()) == (number, number)
        assert (partner(), named(), found()) == ((SENT * number, 0), [], {})
    asked.tell(f"sending a transfer, killed {point}: {TIMES} times, one outcome")
