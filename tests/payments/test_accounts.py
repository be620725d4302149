"""Connected accounts: made once for an attempt, looked for when nobody knows, followed from then on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from payments import registry
from payments.facts import AccountChanged, AccountRefused, Fact
from payments.models import ConnectedAccount, StripeCall, StripeEvent
from payments.operations.ask_accounts import ask_account, ask_accounts
from payments.operations.link_account import link_account
from payments.operations.make_account import (
    AccountRequest,
    AttemptKeyReused,
    StripeRefused,
    StripeUnavailable,
    make_account,
)
from payments.operations.process_event import Outcome, process_next_event
from payments.readers import read_account
from people import clock
from tests.local_stripe import LocalStripe
from tests.payments.kill_points import POINTS, killed_at, swept
from tests.payments.test_balance_with_sandbox import api

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sandbox")]
KEY = "partner_account:3"


@pytest.fixture(autouse=True)
def heard(told: list[Fact], monkeypatch: pytest.MonkeyPatch) -> list[Fact]:
    """What partners register, without partners."""

    def hear(fact: Fact, *, now: datetime) -> Outcome:
        told.append(fact)
        return Outcome.DONE

    monkeypatch.setattr(registry, "_account_readers", {})
    registry.reads_account("account.updated", read_account)
    for fact in (AccountChanged, AccountRefused):
        registry.on(fact, "partner_account", hear)
    return told


def wanted(**changes: Any) -> AccountRequest:
    about: dict[str, Any] = {
        "kind": "partner_account",
        "subject": KEY,
        "name": "Dahlia's Hope",
        "email": "office@dahlia.example",
        "country": "us",
        "attempt_key": KEY,
    }
    return AccountRequest(**about | changes)


def make(**changes: Any) -> str:
    return make_account(request=wanted(**changes), now=clock.now())


def attempts() -> list[str]:
    return [one.metadata["attempt"] for one in api().accounts.list().data]


def test_an_account_is_made_once_and_told(heard: list[Fact]) -> None:
    account = make()

    assert make() == account
    assert attempts() == [f"account:{KEY}"]
    (first, again) = heard
    assert isinstance(first, AccountChanged) and isinstance(again, AccountChanged)
    assert (first.account_id, first.subject, first.takes_transfers, first.bank_mark) == (account, KEY, False, "")
    row = ConnectedAccount.objects.get()
    assert (row.call.result_id, row.subject, "external_account" in row.wanted) == (account, KEY, True)
    with pytest.raises(AttemptKeyReused):
        make(subject="partner_account:4")


def test_what_its_owner_answered_is_seen(sandbox: LocalStripe, heard: list[Fact]) -> None:
    account = make()
    sandbox.do(f"accounts/{account}/onboard")

    ask_account(account_id=account, now=clock.now())
    sandbox.do(f"accounts/{account}/bank", last4="0042")
    ask_account(account_id=account, now=clock.now())

    _, ready, moved = heard
    assert isinstance(ready, AccountChanged) and isinstance(moved, AccountChanged)
    assert (ready.takes_transfers, ready.bank_last4, moved.bank_last4) == (True, "6789", "0042")
    assert len(ready.bank_mark) == 64 and ready.bank_mark != moved.bank_mark
    row = ConnectedAccount.objects.get()
    assert (row.payouts_enabled, row.wanted, row.bank_mark) == (True, [], moved.bank_mark)


@pytest.mark.parametrize("point", [*POINTS])
def test_killed_anywhere_it_is_made_once(point: str) -> None:
    killed_at(point, make)
    swept()

    account = make()

    assert attempts() == [f"account:{KEY}"]
    assert ConnectedAccount.objects.get().account_id == account


def test_a_lost_answer_is_looked_for_and_never_asked_again(sandbox: LocalStripe, heard: list[Fact]) -> None:
    sandbox.do("faults", api=[{"fault": "applied_then_dropped", "method": "POST", "path": "/v2/*", "times": 9}])
    with pytest.raises(StripeUnavailable):
        make()
    sandbox._http.delete(f"{sandbox.url}/_sandbox/faults", timeout=20)
    sandbox.do("faults", forget={"keys_older_than_h": 0})
    sandbox.advance(hours=21)

    swept()

    assert StripeCall.objects.get().state == "done"
    assert attempts() == [f"account:{KEY}"]
    assert {type(fact) for fact in heard} == {AccountChanged}


def test_a_refusal_is_told_each_time(heard: list[Fact]) -> None:
    for _ in range(2):
        with pytest.raises(StripeRefused):
            make(email="nobody")

    assert [type(fact) for fact in heard] == [AccountRefused, AccountRefused]
    assert attempts() == []


def received(account: str, kind: str = "account.updated") -> StripeEvent:
    now = clock.wall_now()
    return StripeEvent.objects.create(
        event_id=f"evt_{kind}_{account}", type=kind, api_version="x", livemode=False, account=account,
        object_id=account, body="{}", created_at=now, received_at=now, next_attempt_at=now,
    )  # fmt: skip


def test_its_events_are_read_though_they_are_an_accounts(sandbox: LocalStripe, heard: list[Fact]) -> None:
    account = make()
    sandbox.do(f"accounts/{account}/onboard")
    received(account)
    received(account, "payout.paid")

    outcomes = [process_next_event(now=clock.now()) for _ in range(2)]

    assert outcomes == [Outcome.DONE, Outcome.IGNORED]
    assert isinstance(heard[-1], AccountChanged) and heard[-1].takes_transfers


def test_an_account_that_we_did_not_ask_for_is_none_of_ours(heard: list[Fact]) -> None:
    copied: Any = {"type": "express", "metadata": {"attempt": "account:partner_account:9", "kind": "partner_account"}}
    event = received(str(api().accounts.create(copied).id))

    assert process_next_event(now=clock.now()) == Outcome.IGNORED

    event.refresh_from_db()
    assert event.reason == "about an account that we did not ask for"
    assert (heard, ConnectedAccount.objects.count()) == ([], 0)


def test_an_account_that_is_gone_is_closed(heard: list[Fact]) -> None:
    account = make()
    api().accounts.delete(account)

    ask_account(account_id=account, now=clock.now())

    assert isinstance(heard[-1], AccountChanged)
    assert (heard[-1].is_closed, heard[-1].takes_transfers) == (True, False)
    assert [ask_accounts(now=clock.now()) for _ in range(2)] == [1, 0]


def test_closed_ones_are_asked_about_once_a_day(heard: list[Fact]) -> None:
    """Another account's key closes them all, and with the right key they are open again."""
    make()
    row = ConnectedAccount.objects.get()
    for hours, answered in ((23, 0), (25, 1)):
        ConnectedAccount.objects.update(is_closed=True, asked_at=clock.wall_now() - timedelta(hours=hours))
        assert ask_accounts(now=clock.now()) == answered

    row.refresh_from_db()
    assert (row.is_closed, isinstance(heard[-1], AccountChanged) and heard[-1].is_closed) == (False, False)


def test_the_sweep_asks_once_an_hour(heard: list[Fact]) -> None:
    make()

    assert [ask_accounts(now=clock.now()) for _ in range(2)] == [1, 0]
    ConnectedAccount.objects.update(asked_at=clock.wall_now() - timedelta(minutes=61))
    assert (ask_accounts(now=clock.now()), len(heard)) == (1, 3)


def test_a_link_leads_its_owner_to_the_questions_once(sandbox: LocalStripe) -> None:
    account = make()

    address = link_account(
        subject=KEY, account_id=account, refresh_url="http://shop.test/again", return_url="http://shop.test/back",
        attempt_key="onboarding_link:1", now=clock.now(),
    )  # fmt: skip

    page = requests.get(address, timeout=5)
    assert "Dahlia&#39;s Hope" in page.text
    again = requests.get(address, allow_redirects=False, timeout=5)
    assert again.headers["Location"] == "http://shop.test/again"
    call = StripeCall.objects.get(purpose="link_account")
    assert (call.state, call.result_id) == ("done", account)
    assert address not in str(StripeCall.objects.values())
