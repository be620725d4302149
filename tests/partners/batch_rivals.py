"""Rivals on one payout batch, on real connections: they propose, edit, approve, refuse and send it at once, and change
where its partners are paid."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ledger import queries as books
from ledger.models import Entry
from partners.batch_content import current_hash
from partners.destination_details import Details
from partners.models import Agreement, PartnerPayout, PayoutAttempt, PayoutBatch, PayoutEvent, PayoutPolicy
from partners.operations.approve_batch import ContentChanged, NotPayable, NotWaiting, approve_batch
from partners.operations.change_destination import change_destination
from partners.operations.confirm_destination import NotPending, confirm_destination
from partners.operations.edit_batch import NotEditable, take_out_payout
from partners.operations.hold_partner import NotHeld, hold_partner, lift_hold
from partners.operations.propose_batch import NothingEligible, propose_batch
from partners.operations.refuse_batch import refuse_batch
from partners.operations.send_batch import NotApproved, PayableShrunk, send_batch
from partners.two_people import SamePerson
from people.models import Approval, User
from tests.partners.conftest import NOW
from tests.partners.money import earn
from tests.partners.test_payouts import TODAY
from tests.partners.test_races import at_once

RIVALS = 16
USUAL = ("propose", "take out", *(["approve"] * 4), *(["send"] * 4))
DISTURBING = ("refuse", "hold", "move")
REFUSALS = (
    ContentChanged,
    NotApproved,
    NotEditable,
    NotHeld,
    NothingEligible,
    NotPayable,
    NotPending,
    NotWaiting,
    PayableShrunk,
    PayoutBatch.DoesNotExist,
    SamePerson,
)


@dataclass
class Came:
    """What all rounds together came to; the lists must be empty."""

    rounds: int = 0
    sent: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    twice: list[str] = field(default_factory=list)
    self_approved: list[str] = field(default_factory=list)
    edits_survived: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        return not (self.twice or self.self_approved or self.edits_survived or self.faults)


def rival_rounds(agreements: list[Agreement], people: list[User], *, rounds: int, seed: int) -> Came:
    """Each round: money for every partner, a proposal, sixteen rivals at once, then what is left is finished in order.

    A partner's whole payable of the round must have left once, and nothing that nobody else approved in that form.
    """
    draw, came = random.Random(seed), Came()
    PayoutPolicy.objects.update_or_create(pk=1, defaults={"destination_wait_days": 0})
    for number in range(rounds):
        for place, agreement in enumerate(agreements):
            earn(agreement, 20_000, number * len(agreements) + place + 1)
        batch = propose_batch(by=draw.choice(people), as_of=TODAY, currency="usd", now=NOW)
        # Each of these ends or voids a waiting batch at once: in most rounds none comes, so that rivals send some.
        names = [*USUAL, *DISTURBING] if number % 3 == 2 else USUAL
        steps = [_step(draw, batch, people, draw.choice(names)) for _ in range(RIVALS)]
        for (name, _), result in zip(steps, at_once(*[step for _, step in steps]), strict=True):
            if isinstance(result, REFUSALS):
                came.steps[f"{name} refused"] += 1
            elif isinstance(result, Exception):
                came.faults.append(f"round {number}, {name}: {result!r}")
            else:
                came.steps[name] += 1
        _finish(agreements, people)
        came.rounds += 1
        _look(came, number, agreements)
    came.sent = PayoutAttempt.objects.count()
    return came


def _step(draw: random.Random, batch: PayoutBatch, people: list[User], name: str) -> tuple[str, Callable[[], Any]]:
    who, pk = draw.choice(people), batch.pk
    payout = draw.choice(list(batch.payouts.all()))
    there = Details(method="bank", words=f"Bank {draw.randrange(10_000)}, ending {draw.randrange(1000, 10_000)}")
    steps: dict[str, Callable[[], Any]] = {
        "propose": lambda: propose_batch(by=who, as_of=TODAY, currency="usd", now=NOW),
        "approve": lambda: approve_batch(
            batch_id=pk, by=who, content_hash=PayoutBatch.objects.get(pk=pk).content_hash, now=NOW
        ),
        "take out": lambda: take_out_payout(payout_id=payout.pk, by=who, now=NOW),
        "send": lambda: send_batch(batch_id=pk, by=who, now=NOW),
        "refuse": lambda: refuse_batch(batch_id=pk, by=who, reason="A rival", now=NOW),
        "hold": lambda: hold_partner(partner_id=payout.partner_id, by=who, reason="A rival", now=NOW),
        "move": lambda: change_destination(partner_id=payout.partner_id, details=there, by=who, now=NOW),
    }
    return name, steps[name]


def _finish(agreements: list[Agreement], people: list[User]) -> None:
    """Calm people finish what the rivals left, so that each round's money is all sent."""
    for agreement in agreements:
        _answer(agreement, people)
    for batch in PayoutBatch.objects.filter(state__in=["proposed", "approved"]).order_by("pk"):
        if not _approve_and_send(batch, people):
            refuse_batch(batch_id=batch.pk, by=people[0], reason="All have touched it, or it goes elsewhere", now=NOW)
    try:
        _approve_and_send(propose_batch(by=people[0], as_of=TODAY, currency="usd", now=NOW), people)
    except NothingEligible:
        return


def _answer(agreement: Agreement, people: list[User]) -> None:
    """The partner's new destination is called back, and its holds are lifted."""
    for change in agreement.partner.destinations.filter(state="pending"):
        by = next(person for person in people if person.pk != change.edited_by_id)
        confirm_destination(destination_id=change.pk, by=by, note="Called them", now=NOW)
    for hold in agreement.partner.payout_holds.filter(lifted_at=None):
        by = next(person for person in people if person.pk != hold.placed_by_id)
        lift_hold(hold_id=hold.pk, by=by, reason="Calm again", now=NOW)


def _approve_and_send(batch: PayoutBatch, people: list[User]) -> bool:
    """Whether it was sent: somebody who has not touched it approves, if it was not approved before."""
    batch.refresh_from_db()
    if batch.state != PayoutBatch.State.APPROVED and not _approved(batch, people):
        return False
    send_batch(batch_id=batch.pk, by=people[0], now=NOW)
    return True


def _approved(batch: PayoutBatch, people: list[User]) -> bool:
    for person in people:
        try:
            approve_batch(batch_id=batch.pk, by=person, content_hash=batch.content_hash, now=NOW)
        except SamePerson:
            continue
        except NotPayable:
            return False
        return True
    return False


def _look(came: Came, number: int, agreements: list[Agreement]) -> None:
    """What is true after every round, asked of the books and of the rows."""
    for agreement in agreements:
        partner, earned = agreement.partner, 4_000 * (number + 1)
        booked = -books.balance("payout_in_flight", partner.owner)
        rows = sum(
            PartnerPayout.objects.filter(partner=partner, state="in_flight").values_list("amount_minor", flat=True)
        )
        if (booked, rows, books.balance("payable", partner.owner)) != (earned, earned, 0):
            came.twice.append(f"round {number}, {partner}: {booked} in flight, {rows} in rows, {earned} earned")
    for batch in PayoutBatch.objects.filter(state="sent"):
        approval = Approval.objects.filter(subject=batch.approval_subject, decision="approved").last()
        touched = {batch.proposed_by_id, *_editors(batch)}
        if approval is None or approval.decided_by_id in touched:
            came.self_approved.append(f"round {number}, batch {batch.pk}")
        elif not approval.subject_hash == batch.content_hash == current_hash(batch):
            came.edits_survived.append(f"round {number}, batch {batch.pk}")
    if Entry.objects.filter(kind="payout_sent").count() != PayoutAttempt.objects.count():
        came.twice.append(f"round {number}: more entries than attempts")


def _editors(batch: PayoutBatch) -> set[int | None]:
    """Who changed the batch, and who entered where it pays."""
    changed = PayoutEvent.objects.filter(batch=batch, word__in=["taken_out", "held", "moved"])
    sent = PayoutAttempt.objects.filter(payout__batch=batch)
    return {*changed.values_list("by", flat=True), *sent.values_list("paid_to__edited_by", flat=True)}
