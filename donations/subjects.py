"""How other packages name a gift or a plan ("gift:7", "plan:3"), read back under its lock."""

from __future__ import annotations

from donations.models import Gift, Plan
from ledger.queries import entry_by_key
from payments.facts import Returned


class UnknownSubject(LookupError):
    """A fact names a gift or plan that is not here."""


class GiftNotBooked(Exception):
    """Money went back of a gift that is not recorded yet: its own event is still to come, so try again."""


def lock_gift(subject: str) -> Gift:
    """The gift that `subject` names, locked until the transaction ends. Raises UnknownSubject."""
    gifts = Gift.objects.select_for_update(of=("self",), no_key=True).select_related("fund")
    gift = gifts.filter(pk=_id_of(subject, "gift")).first()
    if gift is None:
        raise UnknownSubject(subject)
    return gift


def lock_payment(fact: Returned) -> tuple[Gift, str]:
    """The gift of whose payment money went back, locked until the transaction ends, and where that payment stands:
    "" for one that made the gift, once or by a plan, its charge_ref for one in suspense. Raises GiftNotBooked."""
    gifts = Gift.objects.select_for_update(of=("self",), no_key=True).select_related("fund")
    gift = gifts.filter(charge_ref=fact.charge_ref, state=Gift.State.PAID).first()
    if gift is not None:
        return gift, ""
    if fact.kind == "gift" and entry_by_key(f"{fact.charge_ref}:suspense"):
        return lock_gift(fact.subject), fact.charge_ref
    raise GiftNotBooked(fact.charge_ref)


def lock_plan(subject: str) -> Plan:
    """The plan that `subject` names, locked until the transaction ends. Raises UnknownSubject."""
    plans = Plan.objects.select_for_update(of=("self",), no_key=True).select_related("fund", "supporter")
    plan = plans.filter(pk=_id_of(subject, "plan")).first()
    if plan is None:
        raise UnknownSubject(subject)
    return plan


def _id_of(subject: str, kind: str) -> int:
    named, _, number = subject.partition(":")
    if named != kind or not (number.isascii() and number.isdigit()):
        raise UnknownSubject(subject)
    return int(number)
