"""Who takes which step of payouts and destinations: every role, and every hand that another step already had in it.

One table: an action, and all who may. Whoever is not named there is tried too, through the same door, and nothing may
come of it (docs/decisions/0025).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from ledger.operations.seal_entries import seal_all
from partners.models import (
    AchFile,
    AchOriginator,
    AchReturnFile,
    Agreement,
    BankAccount,
    PartnerAccount,
    PartnerPayout,
    PayoutBatch,
    PayoutDestination,
    PayoutHold,
)
from partners.operations.approve_batch import approve_batch
from partners.operations.check_returns import check_returns
from partners.operations.hold_partner import hold_partner
from partners.operations.make_ach_file import make_ach_file
from partners.operations.propose_batch import propose_batch
from partners.operations.send_batch import send_batch
from people.access import ROLES
from people.models import User
from tests.partners.conftest import person
from tests.partners.money import earn
from tests.partners.return_files import entry, file_of
from tests.partners.test_ach import OURS
from tests.partners.test_desk import signed_in
from tests.partners.test_destinations import ACH, LATER, call, enter
from tests.roles import give

pytestmark = pytest.mark.django_db
BOTH = ("finance preparer", "finance approver")
ON = date(2026, 10, 23)

# What each had a hand in; all of these hold both finance roles.
HANDS = ("proposer", "editor", "caller", "bystander")
ENTER = {*HANDS, "finance preparer"}
DECIDE = {*HANDS, "finance approver"}
EITHER = {*HANDS, *BOTH, "new approver"}
MAY: dict[str, set[str]] = {
    "propose": ENTER,
    "take out": ENTER,
    "approve": DECIDE - {"proposer", "editor"},
    "send": EITHER,
    "make the file": {"proposer"},  # who sent the batch
    "fetch the file": {"proposer"},  # who made it
    "record a return": EITHER,
    "take in returns": EITHER,
    "make prenotes": EITHER,
    "change a destination": ENTER,
    "choose Stripe": ENTER,
    "confirm a change": DECIDE - {"editor"},
    "give a change up": EITHER,
    "hold": EITHER,
    "lift": DECIDE - {"editor"},  # who placed it
}


@dataclass
class Stage:
    """Two partners paid by ACH: entered by the editor, called back by the caller. `people` are all who try."""

    agreements: list[Agreement]
    account: BankAccount
    people: dict[str, User]

    def batch(self, until: str) -> PayoutBatch:
        """Proposed by the proposer; approved by the finance approver; sent and put into a file by the proposer."""
        proposer, approver = self.people["proposer"], self.people["finance approver"]
        batch = propose_batch(by=proposer, as_of=date(2026, 10, 22), currency="usd", now=LATER)
        if until != "proposed":
            approve_batch(batch_id=batch.pk, by=approver, content_hash=batch.content_hash, now=LATER)
        if until in ("sent", "filed"):
            send_batch(batch_id=batch.pk, by=proposer, now=LATER)
        if until == "filed":
            make_ach_file(batch_id=batch.pk, by=proposer, effective_on=ON, now=LATER)
        return PayoutBatch.objects.get(pk=batch.pk)

    def change(self) -> PayoutDestination:
        return enter(self.agreements[0].partner, self.people["editor"])


@pytest.fixture
def stage(valor: Agreement, rehope: Agreement, checking: BankAccount, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr("people.clock.now", lambda: LATER)
    monkeypatch.setattr("partners.views.stripe_accounts.make_accounts", lambda *, now: 0)
    AchOriginator.objects.create(**OURS)
    people = {name: person(f"{name}@who.example", *BOTH) for name in HANDS}
    people |= {role: person(f"{role.replace(' ', '.')}@who.example", role) for role in ROLES}
    people["no role"] = person("none@who.example")
    people["new approver"] = person("new@who.example")
    give(people["new approver"], "finance approver", since=LATER - timedelta(days=1))
    people["new approver"].role_grants.update(counts_from=LATER + timedelta(days=6))
    for number, agreement in enumerate((valor, rehope), start=1):
        call(enter(agreement.partner, people["editor"]), people["caller"])
        earn(agreement, 20000, number)
    through_seq = seal_all()  # once: the sealer has transactions of its own, and each try here is taken back
    monkeypatch.setattr("partners.operations.propose_batch.seal_all", lambda: through_seq)
    return Stage([valor, rehope], checking, people)


Try = tuple[str, dict[str, Any], Callable[[], Any]]


def propose(stage: Stage) -> Try:
    return "/desk/payouts/propose/", {"as_of": "2026-10-22"}, PayoutBatch.objects.count


def step(until: str, path: str, **typed: Any) -> Callable[[Stage], Try]:
    """A step on the batch itself: what came of it shows in the batch's own row."""

    def ready(stage: Stage) -> Try:
        batch = stage.batch(until)
        data = {"content_hash": batch.content_hash, **typed}
        return f"/desk/payouts/{batch.pk}/{path}/", data, lambda: _row(batch)

    return ready


def _row(batch: PayoutBatch) -> Any:
    states = batch.payouts.order_by("pk").values_list("state", flat=True)
    return (PayoutBatch.objects.values_list("state", "revision").get(pk=batch.pk), list(states))


def take_out(stage: Stage) -> Try:
    batch = stage.batch("proposed")
    payout = batch.payouts.earliest("pk")
    return f"/desk/payouts/{batch.pk}/{payout.pk}/take-out/", {}, lambda: _row(batch)


def fetch(stage: Stage) -> Try:
    stage.batch("filed")
    file = AchFile.objects.get()
    return f"/desk/payouts/ach-files/{file.pk}/", {}, lambda: AchFile.objects.get().downloaded_by_id


def record_return(stage: Stage) -> Try:
    payout = stage.batch("filed").payouts.earliest("pk")
    return f"/desk/payouts/one/{payout.pk}/notice/", {"code": "R03"}, lambda: _state(payout)


def _state(payout: PartnerPayout) -> str:
    return PartnerPayout.objects.get(pk=payout.pk).state


def take_in(stage: Stage) -> Try:
    payout = stage.batch("filed").payouts.earliest("pk")
    trace = payout.attempts.get().external_id.partition(":")[2]
    content = file_of(entry(trace, payout.amount_minor, "R03"))
    file = check_returns(
        account=stage.account, file_name="r.ach", content=content, by=stage.people["bystander"], now=LATER
    )
    return f"/desk/payouts/ach-returns/{file.pk}/import/", {}, lambda: AchReturnFile.objects.get().state


def prenotes(stage: Stage) -> Try:
    return "/desk/payouts/prenotes/make/", {"effective_on": "2026-10-23"}, AchFile.objects.count


def partner_page(stage: Stage, path: str) -> str:
    return f"/desk/destinations/partner/{stage.agreements[0].partner_id}/{path}"


def change(stage: Stage) -> Try:
    return partner_page(stage, "bank/"), {"words": "A bank, ending 1"}, PayoutDestination.objects.count


def choose(stage: Stage) -> Try:
    return partner_page(stage, "stripe/"), {}, PartnerAccount.objects.count


def confirm(stage: Stage) -> Try:
    row = stage.change()
    return f"/desk/destinations/{row.pk}/confirm/", {"call-note": "Called."}, lambda: _of(row)


def give_up(stage: Stage) -> Try:
    row = stage.change()
    return f"/desk/destinations/{row.pk}/refuse/", {"refuse-note": "They know nothing."}, lambda: _of(row)


def _of(row: PayoutDestination) -> str:
    return PayoutDestination.objects.get(pk=row.pk).state


def hold(stage: Stage) -> Try:
    return partner_page(stage, "hold/"), {"hold-note": "A question"}, PayoutHold.objects.count


def lift(stage: Stage) -> Try:
    editor, partner = stage.people["editor"], stage.agreements[0].partner
    row = hold_partner(partner_id=partner.pk, by=editor, reason="A question", now=LATER)
    still = PayoutHold.objects.filter(pk=row.pk, lifted_at=None)
    return f"/desk/destinations/holds/{row.pk}/lift/", {f"lift{row.pk}-note": "Answered"}, still.count


READY: dict[str, Callable[[Stage], Try]] = {
    "propose": propose,
    "take out": take_out,
    "approve": step("proposed", "approve"),
    "send": step("approved", "send"),
    "make the file": step("sent", "ach-file", effective_on="2026-10-23"),
    "fetch the file": fetch,
    "record a return": record_return,
    "take in returns": take_in,
    "make prenotes": prenotes,
    "change a destination": change,
    "choose Stripe": choose,
    "confirm a change": confirm,
    "give a change up": give_up,
    "hold": hold,
    "lift": lift,
}


def has_effect(client: Client, path: str, typed: dict[str, Any], look: Callable[[], Any]) -> bool:
    """Whether anything came of the step, which is taken back then for the next who tries."""
    before = look()
    with transaction.atomic():
        answer = client.post(path, typed)
        changed = bool(look() != before)
        transaction.set_rollback(True)
    assert answer.status_code in (200, 302, 303, 400, 403, 404), f"{path}: {answer.status_code}"
    assert look() == before
    return changed


@pytest.mark.parametrize("action", MAY)
def test_who_may(stage: Stage, action: str) -> None:
    path, typed, look = READY[action](stage)

    did = {name for name, user in stage.people.items() if has_effect(signed_in(user), path, typed, look)}

    assert did == MAY[action]


def test_two_people_with_both_roles_are_enough(stage: Stage) -> None:
    """Editor and proposer may be one; the other calls back and approves (docs/decisions/0025)."""
    ana, ben = stage.people["proposer"], stage.people["bystander"]
    call(enter(stage.agreements[0].partner, ana, ACH), ben)
    later = LATER + timedelta(days=2)
    batch = propose_batch(by=ana, as_of=date(2026, 10, 22), currency="usd", now=later)

    approve_batch(batch_id=batch.pk, by=ben, content_hash=batch.content_hash, now=later)

    assert send_batch(batch_id=batch.pk, by=ana, now=later).state == "sent"
