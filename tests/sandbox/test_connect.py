"""Connected accounts: onboarding, transfers to them and back, payouts to their banks."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe
from stripe._object_classes import get_object_class

from sandbox.server import Options, Sandbox
from sandbox.settings import DAY_S, HOUR_S
from tests.sandbox.conftest import SECRET, UNHURRIED, Receiver, Shop
from tests.sandbox.test_complete_objects import complaints
from tests.sandbox.test_payouts import AT_ONCE, MONDAY, TUESDAY, earned

EXPRESS: Any = {
    "type": "express",
    "country": "US",
    "email": "finance@partner.example.org",
    "capabilities": {"transfers": {"requested": True}},
    "metadata": {"partner": "rh"},
}
LINK: Any = {
    "refresh_url": "http://shop.test/again",
    "return_url": "http://shop.test/back",
    "type": "account_onboarding",
}


@pytest.fixture
def shop() -> Any:
    """A shop on a Monday at noon, with 4048 available."""
    box = Sandbox(Options(settings=UNHURRIED, start_at=MONDAY))
    box.start()
    shop = Shop(box)
    earned(shop)
    yield shop
    box.stop()


def of(account: str) -> Any:
    return {"stripe_account": account}


def send(shop: Shop, account: str, amount: int = 1000, **params: Any) -> stripe.Transfer:
    return shop.stripe.v1.transfers.create({"amount": amount, "currency": "usd", "destination": account, **params})


def available(shop: Shop, options: Any = None) -> int:
    return shop.stripe.v1.balance.retrieve({}, options).available[0].amount


def events_of(shop: Shop, account: str) -> list[str]:
    """What happened in an account, oldest first."""
    return [event.type for event in shop.stripe.v1.events.list({"limit": 100}, of(account)).data][::-1]


def test_a_new_account_cannot_be_paid(shop: Shop) -> None:
    account = shop.stripe.v1.accounts.create(EXPRESS)

    assert (account.details_submitted, account.payouts_enabled, account.type) == (False, False, "express")
    assert account.capabilities.to_dict() == {"transfers": "inactive"}
    assert "external_account" in account.requirements.currently_due
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        send(shop, account.id)
    assert refusal.value.code == "insufficient_capabilities_for_transfer"


def test_onboarding_by_the_link(shop: Shop) -> None:
    account = shop.stripe.v1.accounts.create(EXPRESS)
    link = shop.stripe.v1.account_links.create({"account": account.id, **LINK})
    assert link.expires_at == pytest.approx(shop.box.ctx.now() + 300, abs=5)

    page = requests.get(link.url, timeout=5)
    assert "finance@partner.example.org" in page.text
    answered = requests.post(page.url, data={"answer": "finish"}, allow_redirects=False, timeout=5)

    assert (answered.status_code, answered.headers["Location"]) == (303, "http://shop.test/back")
    account = shop.stripe.v1.accounts.retrieve(account.id)
    assert (account.details_submitted, account.payouts_enabled) == (True, True)
    assert (account.capabilities.transfers, account.requirements.currently_due) == ("active", [])
    assert account.external_accounts.data[0].last4 == "6789"
    assert events_of(shop, account.id) == ["account.updated"]


def test_a_link_works_once_and_not_for_long(shop: Shop) -> None:
    account = shop.stripe.v1.accounts.create(EXPRESS)
    used, late = (shop.stripe.v1.account_links.create({"account": account.id, **LINK}).url for _ in range(2))

    first, again = (requests.get(used, allow_redirects=False, timeout=5).headers["Location"] for _ in range(2))
    shop.advance(hours=1)
    expired = requests.get(late, allow_redirects=False, timeout=5).headers["Location"]

    assert first.startswith("/c/onboarding/")
    assert (again, expired) == ("http://shop.test/again", "http://shop.test/again")
    assert requests.get(f"{shop.box.url}/c/onboard/none", timeout=5).status_code == 404
    assert requests.get(f"{shop.box.url}/c/onboarding/none", timeout=5).status_code == 404


@pytest.mark.parametrize(("answer", "submitted"), [("leave", False), ("restrict", True)])
def test_coming_back_does_not_mean_done(shop: Shop, answer: str, submitted: bool) -> None:
    account = shop.stripe.v1.accounts.create(EXPRESS)
    page = requests.get(shop.stripe.v1.account_links.create({"account": account.id, **LINK}).url, timeout=5)

    requests.post(page.url, data={"answer": answer}, allow_redirects=False, timeout=5)

    account = shop.stripe.v1.accounts.retrieve(account.id)
    assert (account.details_submitted, account.payouts_enabled) == (submitted, False)
    assert account.capabilities.transfers == "inactive"
    assert account.requirements.disabled_reason == "requirements.past_due"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"type": "express", "controller": {"fees": {"payer": "application"}}}, "only specify one of"),
        ({"type": "premium"}, "must be one of custom, express, or standard"),
        ({"email": "nobody"}, "Invalid email address"),
        ({"company": {"name": "RH"}}, "does not simulate `company`"),
        ({"settings": {"payouts": {"schedule": {"interval": "weekly"}}}}, "does not simulate"),
        ({"colour": "red"}, "unknown parameter: colour"),
    ],
)
def test_accounts_that_are_refused(shop: Shop, params: Any, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        shop.stripe.v1.accounts.create(params)

    assert shop.stripe.v1.accounts.list().data == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"return_url": "ftp://x"}, "Not a valid URL"),
        ({"type": "account_update"}, "cannot create `account_update`"),
        ({"account": "acct_none"}, "No such account"),
    ],
)
def test_links_that_are_refused(shop: Shop, change: Any, message: str) -> None:
    account = shop.stripe.v1.accounts.create(EXPRESS)

    with pytest.raises(stripe.InvalidRequestError, match=message):
        shop.stripe.v1.account_links.create({"account": account.id, **LINK, **change})


def test_changing_and_closing_an_account(shop: Shop) -> None:
    account = shop.partner()

    changed = shop.stripe.v1.accounts.update(account, {"metadata": {"a": "1"}, "business_profile": {"name": "RH"}})
    assert (changed.metadata.to_dict(), changed.business_profile.name) == ({"a": "1"}, "RH")
    assert events_of(shop, account)[-1] == "account.updated"
    send(shop, account)
    with pytest.raises(stripe.InvalidRequestError, match="has a balance"):
        shop.stripe.v1.accounts.delete(account)
    shop.advance(days=1)

    assert shop.stripe.v1.accounts.delete(account).deleted is True
    assert shop.stripe.v1.accounts.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
        send(shop, account)


def test_a_transfer_is_in_both_balances(shop: Shop) -> None:
    account = shop.partner()

    made = send(shop, account, 1500, transfer_group="batch-7", metadata={"batch": "7"}, description="September")

    assert (made.amount, made.amount_reversed, made.reversed, made.transfer_group) == (1500, 0, False, "batch-7")
    entry = shop.stripe.v1.balance_transactions.retrieve(str(made.balance_transaction))
    assert (entry.amount, entry.fee, entry.type, entry.reporting_category) == (-1500, 0, "transfer", "transfer")
    arrived = shop.stripe.v1.balance_transactions.list({}, of(account)).data[0]
    assert (arrived.net, arrived.type, arrived.source) == (1500, "payment", made.destination_payment)
    assert (available(shop), available(shop, of(account))) == (2548, 1500)
    seen = shop.stripe.v1.transfers.retrieve(made.id, {"expand": ["destination_payment", "destination"]})
    assert (seen.destination_payment.source_transfer, seen.destination.id) == (made.id, account)
    assert shop.events()[-1] == "transfer.created"


def test_the_available_balance_must_cover_it(shop: Shop) -> None:
    account = shop.partner()
    earned(shop, "4242424242424242")

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        send(shop, account, 4049)

    assert refusal.value.code == "balance_insufficient"
    assert send(shop, account, 4048).amount == 4048
    assert available(shop) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": 0}, "greater than or equal to 1"),
        ({"currency": "USD"}, "Invalid currency"),
        ({"destination": "acct_none"}, "No such destination: 'acct_none'"),
        ({"source_transaction": "ch_none"}, "No such charge: 'ch_none'"),
        ({"color": "red"}, "unknown parameter: color"),
    ],
)
def test_transfers_that_are_refused(shop: Shop, change: Any, message: str) -> None:
    account = shop.partner()

    with pytest.raises(stripe.InvalidRequestError, match=message):
        send(shop, account, **change) if "amount" not in change else send(shop, account, change["amount"])

    assert shop.stripe.v1.transfers.list().data == []


def test_a_source_transaction_lends_its_pending_money(shop: Shop) -> None:
    account = shop.partner()
    charge = earned(shop, "4242424242424242", 9000)

    made = send(shop, account, 8000, source_transaction=charge)

    rows = [shop.stripe.v1.balance_transactions.retrieve(str(made.balance_transaction))]
    rows += shop.stripe.v1.balance_transactions.list({}, of(account)).data
    assert [row.status for row in rows] == ["pending", "pending"]
    with pytest.raises(stripe.InvalidRequestError, match=r"\$10.00 are left"):
        send(shop, account, 1001, source_transaction=charge)
    shop.advance(days=2)
    assert shop.stripe.v1.balance_transactions.retrieve(rows[0].id).status == "available"


def test_reversing_in_parts(shop: Shop) -> None:
    account = shop.partner()
    made = send(shop, account, 1000)

    part = shop.stripe.v1.transfers.reversals.create(made.id, {"amount": 300, "metadata": {"order": "7"}})
    halfway = shop.stripe.v1.transfers.retrieve(made.id)
    rest = shop.stripe.v1.transfers.reversals.create(made.id)

    assert (halfway.amount_reversed, halfway.reversed, rest.amount) == (300, False, 700)
    after = shop.stripe.v1.transfers.retrieve(made.id)
    assert (after.amount_reversed, after.reversed) == (1000, True)
    assert [back.id for back in after.reversals.data] == [rest.id, part.id]
    entry = shop.stripe.v1.balance_transactions.retrieve(str(part.balance_transaction))
    assert (entry.net, entry.type, entry.reporting_category) == (300, "transfer_refund", "transfer_reversal")
    assert (available(shop), available(shop, of(account))) == (4048, 0)
    refund = shop.stripe.v1.refunds.retrieve(str(part.destination_payment_refund), {}, of(account))
    assert (refund.amount, refund.source_transfer_reversal) == (300, part.id)
    assert shop.events()[-2:] == ["transfer.reversed"] * 2


def test_reversals_that_are_refused(shop: Shop) -> None:
    account = shop.partner()
    made = send(shop, account, 1000)
    reversals = shop.stripe.v1.transfers.reversals

    with pytest.raises(stripe.InvalidRequestError, match="greater than unreversed amount"):
        reversals.create(made.id, {"amount": 1001})
    with pytest.raises(stripe.InvalidRequestError, match="greater than or equal to 1"):
        reversals.create(made.id, {"amount": 0})
    shop.advance(hours=12)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        reversals.create(made.id)
    assert refusal.value.code == "balance_insufficient", "the account has been paid out"
    assert shop.stripe.v1.transfers.retrieve(made.id).amount_reversed == 0


def test_lists_of_transfers_and_reversals(shop: Shop) -> None:
    first, second = shop.partner(), shop.partner()
    made = [send(shop, first, 100, transfer_group="g").id, send(shop, second, 200, transfer_group="g").id]
    other = send(shop, first, 300)
    listing = shop.stripe.v1.transfers.list

    assert [entry.id for entry in listing({"transfer_group": "g"}).data] == made[::-1]
    assert [entry.id for entry in listing({"destination": first}).data] == [other.id, made[0]]
    assert [entry.id for entry in listing({"limit": 1, "starting_after": other.id}).data] == [made[1]]
    assert listing({"created": {"lt": other.created - 60}}).data == []
    backs = [shop.stripe.v1.transfers.reversals.create(other.id, {"amount": amount}).id for amount in (1, 2, 3)]
    found = shop.stripe.v1.transfers.reversals.list(other.id, {"limit": 2})
    assert ([back.id for back in found.data], found.has_more) == ([backs[2], backs[1]], True)
    changed = shop.stripe.v1.transfers.reversals.update(other.id, backs[0], {"metadata": {"a": "1"}})
    assert changed.metadata.to_dict() == {"a": "1"}
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer_reversal"):
        shop.stripe.v1.transfers.reversals.retrieve(made[0], backs[0])
    assert shop.stripe.v1.transfers.update(made[0], {"metadata": {"a": "1"}}).metadata.to_dict() == {"a": "1"}
    assert shop.events()[-1] == "transfer.updated"


def test_an_account_is_paid_out_by_itself(shop: Shop) -> None:
    account = shop.partner()
    send(shop, account, 1500)

    shop.advance(hours=13)

    (payout,) = shop.stripe.v1.payouts.list({}, of(account)).data
    assert (payout.amount, payout.automatic, payout.arrival_date) == (1500, True, TUESDAY + DAY_S)
    rows = shop.stripe.v1.balance_transactions.list({"payout": payout.id}, of(account)).data
    assert [(row.type, row.net) for row in rows] == [("payout", -1500), ("payment", 1500)]
    assert shop.stripe.v1.payouts.list().data == [], "the platform's own are apart"
    shop.advance(days=1)
    assert events_of(shop, account)[-1] == "payout.paid"
    assert "payout.paid" not in shop.events()


def test_an_accounts_payout_fails_at_the_door(shop: Shop) -> None:
    account = shop.partner()
    send(shop, account, 1500)
    payout = shop.door("payouts", {"account": account})["data"][0]["id"]

    shop.door(f"payouts/{payout}/fail", {"account": account, "code": "no_account"})

    assert shop.stripe.v1.payouts.retrieve(payout, {}, of(account)).failure_code == "no_account"
    assert available(shop, of(account)) == 1500
    assert shop.door(f"payouts/{payout}/fail", {})["status"] == 404, "not among the platform's own"


def test_an_accounts_payout_is_reversed_once(shop: Shop) -> None:
    account = shop.partner(settings={"payouts": {"schedule": {"interval": "manual"}}})
    send(shop, account, 1500)
    payout = shop.stripe.v1.payouts.create({"amount": 1500, "currency": "usd"}, of(account))
    with pytest.raises(stripe.InvalidRequestError, match="cannot be reversed"):
        shop.stripe.v1.payouts.reverse(payout.id, {}, of(account))
    shop.advance(hours=13)

    back = shop.stripe.v1.payouts.reverse(payout.id, {}, of(account))

    assert (back.amount, back.original_payout, available(shop, of(account))) == (-1500, payout.id, 1500)
    assert shop.stripe.v1.payouts.retrieve(payout.id, {}, of(account)).reversed_by == back.id
    with pytest.raises(stripe.InvalidRequestError, match="cannot be reversed"):
        shop.stripe.v1.payouts.reverse(payout.id, {}, of(account))


def test_an_owner_has_money_paid_out_elsewhere(shop: Shop) -> None:
    account = shop.partner()
    send(shop, account, 1500)
    before = shop.stripe.v1.accounts.retrieve(account).external_accounts.data[0]

    shop.door(f"accounts/{account}/bank", {"last4": "0042"})
    shop.advance(hours=13)

    after = shop.stripe.v1.accounts.retrieve(account).external_accounts.data[0]
    assert (before.last4, after.last4, before.fingerprint == after.fingerprint) == ("6789", "0042", False)
    assert shop.stripe.v1.payouts.list({}, of(account)).data[0].destination == after.id
    assert "account.updated" in events_of(shop, account)
    assert shop.door(f"accounts/{account}/bank", {"last4": "42"})["status"] == 400


def test_only_accounts_that_exist_and_what_is_simulated(shop: Shop) -> None:
    with pytest.raises(stripe.PermissionError, match="does not have access to account 'acct_none'"):
        shop.stripe.v1.payouts.list({}, of("acct_none"))
    with pytest.raises(stripe.InvalidRequestError, match=r"does not simulate customers\.list for connected accounts"):
        shop.stripe.v1.customers.list({}, of(shop.partner()))


def test_one_key_serves_each_account_apart(shop: Shop) -> None:
    accounts = [shop.partner(settings={"payouts": {"schedule": {"interval": "manual"}}}) for _ in range(2)]
    for account in accounts:
        send(shop, account, 500)
    params: Any = {"amount": 500, "currency": "usd"}

    made = {shop.stripe.v1.payouts.create(params, of(account) | {"idempotency_key": "k"}).id for account in accounts}
    again = shop.stripe.v1.payouts.create(params, of(accounts[0]) | {"idempotency_key": "k"})

    assert len(made) == 2
    assert again.id in made


def test_events_of_accounts_go_to_connect_endpoints(receiver: Receiver) -> None:
    connected = Receiver()
    options = Options(
        webhook_url=receiver.url,
        webhook_secret=SECRET,
        connect_webhook_url=connected.url,
        connect_webhook_secret=SECRET,
        settings=UNHURRIED,
    )
    box = Sandbox(options)
    box.start()
    shop = Shop(box)
    earned(shop, AT_ONCE)

    account = shop.partner()
    send(shop, account, 100)
    shop.door("drain")

    assert {event.type for event in connected.events} == {"account.updated"}
    assert {event.account for event in connected.events} == {account}
    assert "account.updated" not in {event.type for event in receiver.events}
    assert all("account" not in event for event in receiver.events)
    box.stop()
    connected.stop()


def test_a_connect_endpoint_by_the_api(shop: Shop) -> None:
    made = shop.stripe.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/", "enabled_events": ["*"], "connect": True}
    )

    account = shop.partner()

    event = shop.stripe.v1.events.list({}, of(account)).data[0]
    assert (event.type, event.account, event.pending_webhooks) == ("account.updated", account, 1)
    shop.stripe.v1.customers.create({"email": "a@example.org"})
    own = shop.stripe.v1.events.list({"type": "customer.created"}).data[0]
    assert own.pending_webhooks == 0
    shop.stripe.v1.webhook_endpoints.delete(made.id)


def test_books_of_accounts_survive_a_restart(tmp_path: Any) -> None:
    first = Sandbox(Options(settings=UNHURRIED, start_at=MONDAY, state_dir=tmp_path))
    first.start()
    shop = Shop(first)
    earned(shop)
    account = shop.partner()
    transfer = send(shop, account, 1500)
    first.stop()

    second = Sandbox(Options(settings=UNHURRIED, state_dir=tmp_path))
    second.start()
    shop = Shop(second)
    shop.advance(days=1)

    assert shop.stripe.v1.transfers.retrieve(transfer.id).amount == 1500
    assert [payout.amount for payout in shop.stripe.v1.payouts.list({}, of(account)).data] == [1500]
    assert second.ctx.clock.now() - transfer.created > HOUR_S
    second.stop()


RECIPIENT: Any = {
    "display_name": "Restoration House KC",
    "contact_email": "finance@partner.example.org",
    "identity": {"country": "us", "entity_type": "non_profit"},
    "configuration": {
        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}},
    },
    "metadata": {"partner": "rh"},
    "include": ["configuration.recipient", "requirements", "identity", "defaults"],
}
ONBOARDING: Any = {
    "type": "account_onboarding",
    "account_onboarding": {"refresh_url": "http://shop.test/again", "return_url": "http://shop.test/back"},
}


def transfers_status(account: Any) -> str:
    return str(account.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status)


def test_a_recipient_through_v2(shop: Shop) -> None:
    core = shop.stripe.v2.core
    account = core.accounts.create(RECIPIENT)
    assert (account.applied_configurations, transfers_status(account)) == (["recipient"], "restricted")
    assert account.requirements.summary.minimum_deadline.status == "past_due"
    link = core.account_links.create({"account": account.id, "use_case": ONBOARDING})

    page = requests.get(link.url, timeout=5)
    assert "Restoration House KC" in page.text
    requests.post(page.url, data={"answer": "finish"}, allow_redirects=False, timeout=5)

    account = core.accounts.retrieve(account.id, {"include": ["configuration.recipient", "requirements"]})
    assert (transfers_status(account), account.requirements.entries) == ("active", [])
    assert send(shop, account.id, 500).destination == account.id
    assert shop.stripe.v1.accounts.retrieve(account.id).email == "finance@partner.example.org"


def test_v2_shows_only_what_was_asked_for(shop: Shop) -> None:
    made = shop.stripe.v2.core.accounts.create(RECIPIENT)

    plain = shop.stripe.v2.core.accounts.retrieve(made.id)

    assert (plain.configuration, plain.identity, plain.requirements) == (None, None, None)
    assert (made.identity.country, made.identity.entity_type) == ("us", "non_profit")
    assert plain.created.startswith("2026-11-02T12:00:")


def test_changing_through_v2(shop: Shop) -> None:
    made = shop.stripe.v2.core.accounts.create(RECIPIENT)

    changed = shop.stripe.v2.core.accounts.update(
        made.id, {"display_name": "RH", "metadata": {"partner": None, "city": "KC"}, "contact_email": "a@example.org"}
    )

    assert (changed.display_name, changed.contact_email) == ("RH", "a@example.org")
    assert changed.metadata.to_dict() == {"city": "KC"}
    assert events_of(shop, made.id) == ["account.updated"]


def test_lists_through_v2(shop: Shop) -> None:
    made = [shop.stripe.v2.core.accounts.create(RECIPIENT).id for _ in range(5)]
    other = shop.stripe.v1.accounts.create({"type": "standard"})
    listing = shop.stripe.v2.core.accounts.list

    assert [entry.id for entry in listing({"limit": 2}).auto_paging_iter()] == [other.id, *made[::-1]]
    recipients = listing({"applied_configurations": ["recipient"], "limit": 2})
    assert [entry.id for entry in recipients.auto_paging_iter()] == made[::-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"configuration": {"merchant": {}}, "colour": "red"}, "unknown parameter: colour"),
        ({"configuration": {"merchant": {"mcc": "1"}}}, "does not simulate `merchant`"),
        ({"contact_email": "nobody"}, "Invalid email address"),
        ({"configuration": {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {}}}}}}, "Missing"),
        ({"dashboard": "half"}, "must be one of"),
    ],
)
def test_recipients_that_are_refused(shop: Shop, change: Any, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        shop.stripe.v2.core.accounts.create({**RECIPIENT, **change})

    assert shop.stripe.v1.accounts.list().data == []


@pytest.mark.parametrize(
    ("use_case", "message"),
    [
        ({"type": "account_onboarding"}, r"Missing required param: use_case\[account_onboarding\]"),
        ({"type": "account_update", "account_update": {"refresh_url": "http://shop.test/a"}}, "not been onboarded"),
        ({"type": "account_onboarding", "account_onboarding": {"refresh_url": "x"}}, "Not a valid URL"),
    ],
)
def test_v2_links_that_are_refused(shop: Shop, use_case: Any, message: str) -> None:
    account = shop.stripe.v2.core.accounts.create(RECIPIENT)

    with pytest.raises(stripe.InvalidRequestError, match=message):
        shop.stripe.v2.core.account_links.create({"account": account.id, "use_case": use_case})


@pytest.mark.parametrize("body", ["[]", "{", "null"])
def test_v2_takes_json_objects_only(shop: Shop, body: str) -> None:
    headers = {"Authorization": "Bearer sk_test_shop"}

    answer = requests.post(f"{shop.box.url}/v2/core/accounts", data=body, headers=headers, timeout=5)

    assert answer.status_code == 400


def test_v2_objects_are_complete(shop: Shop) -> None:
    made = shop.stripe.v2.core.accounts.create({**RECIPIENT, "include": ["future_requirements", *RECIPIENT["include"]]})
    link = shop.stripe.v2.core.account_links.create({"account": made.id, "use_case": ONBOARDING})

    account, linked = (get_object_class("V2", name) for name in ("v2.core.account", "v2.core.account_link"))
    assert complaints(made.to_dict(), account, "account") == []
    assert complaints(link.to_dict(), linked, "link") == []
