"""An agreement is in force: it is signed, a second person has read it, and it contradicts no other promise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from django.db import transaction

from partners import scopes
from partners.models import Agreement, AgreementEvent
from partners.queries.papers import lacking
from partners.two_people import SamePerson
from people.approvers import check_approver
from people.models import User


class NotADraft(Exception):
    """The agreement was activated before; it is frozen."""


class Incomplete(Exception):
    """A paper is missing that has to lie with it before it is in force; `str(error)` says which."""


class ChangedSince(Exception):
    """Something was written or kept after the person read the agreement; `str(error)` asks to read it again."""


class Contradicts(Exception):
    """It cannot stand beside what is promised already; `str(error)` says why and what to do."""


class AgreementsMeet(Contradicts):
    """Another agreement of the same level could apply to the same sale on the same day, without a shared set."""

    def __init__(self, other: Agreement) -> None:
        super().__init__(
            f"{other} ({other.partner}) promises a share of {other.scope_label} from {other.starts_on} to"
            f" {other.ends_on} too. End it earlier, choose other days, or put both into one stacking set."
        )
        self.other = other


class MoreThanTheWhole(Contradicts):
    """The agreements of a stacking set would promise more than 100 % of one sale or gift on some day."""

    def __init__(self, total: Fraction) -> None:
        super().__init__(f"Together the set would promise {float(total):.2%} of one sale: at most 100% can be given.")
        self.total = total


class OtherLimits(Contradicts):
    """Another version of the promise has another cap or minimum in the same period; `str(error)` says which."""


class MixedBases(Contradicts):
    """Agreements that apply together are figured on one base; `str(error)` says which set and bases."""


@transaction.atomic
def activate_agreement(*, agreement_id: int, by: User, now: datetime, seen_event_id: int | None = None) -> Agreement:
    """Approve and freeze a draft (DESIGN.md section 4; rules/shop.md 3.3 and case 7).

    `seen_event_id` is the last event that the person has read, where they read it on a page.
    Raises NotADraft, SamePerson, MayNotApprove, ChangedSince, Incomplete, and Contradicts: AgreementsMeet,
    OtherLimits, MixedBases or MoreThanTheWhole. Then nothing has changed.
    """
    # 1. Lock every agreement, so that of two activations at once the second sees the first.
    rows = list(Agreement.objects.select_for_update(of=("self",)).select_related("partner").order_by("id"))
    agreement = next((row for row in rows if row.pk == agreement_id), None)
    if agreement is None:
        raise Agreement.DoesNotExist(agreement_id)
    # 2. A second person, once, whose approval counts.
    if agreement.state != Agreement.State.DRAFT:
        raise NotADraft(str(agreement))
    if agreement.prepared_by_id == by.pk:
        raise SamePerson("The person who prepared this agreement cannot approve it.")
    if agreement.events.filter(kind=AgreementEvent.Kind.TERMS, by=by).exists():
        raise SamePerson("The person who wrote this agreement's terms cannot approve it.")
    check_approver(by=by, now=now)
    latest = agreement.events.order_by("-pk").first()
    if seen_event_id is not None and latest is not None and latest.pk != seen_event_id:
        raise ChangedSince("Not activated: something was added to it since you read it. Read it again.")
    # 3. Signed, and consented to where a planned state asks for it.
    missing = lacking(agreement)
    if missing:
        raise Incomplete(f"Not activated. Still missing: {'; '.join(missing)}.")
    # 4. No contradiction with what is promised already.
    others = [row for row in rows if row.state != Agreement.State.DRAFT and _share_a_day(row, agreement)]
    _refuse_a_second_promise(agreement, others)
    _refuse_other_limits(agreement, [row for row in rows if row.state != Agreement.State.DRAFT])
    members = [agreement, *(row for row in others if _together(row, agreement))]
    _refuse_mixed_bases(members)
    _refuse_more_than_the_whole(members)
    # 5. In force, and frozen by the trigger from here on.
    agreement.state = Agreement.State.ACTIVE
    agreement.approved_by = by
    agreement.approved_at = now
    agreement.save(update_fields=["state", "approved_by", "approved_at"])
    AgreementEvent.objects.create(agreement=agreement, kind=AgreementEvent.Kind.ACTIVATED, by=by, at=now)
    return agreement


def _share_a_day(one: Agreement, other: Agreement) -> bool:
    return one.starts_on <= other.ends_on and other.starts_on <= one.ends_on


def _refuse_a_second_promise(agreement: Agreement, others: Sequence[Agreement]) -> None:
    for other in others:
        same_set = agreement.stacking_set != "" and agreement.stacking_set == other.stacking_set
        if other.series == agreement.series or (
            scopes.could_meet(agreement.scope_key, other.scope_key) and not same_set
        ):
            raise AgreementsMeet(other)


def _refuse_other_limits(agreement: Agreement, others: Sequence[Agreement]) -> None:
    """Versions share their caps and minimums, so within one period these cannot differ."""
    for other in others:
        if other.series != agreement.series or other.limits == agreement.limits:
            continue
        pairs = ((other, agreement), (agreement, other))
        if any(
            one.limits.days(one.ends_on)[1] >= two.starts_on and one.starts_on <= two.starts_on for one, two in pairs
        ):
            raise OtherLimits(
                f"{other} has another cap or minimum in the same period. Versions share it: keep theirs, begin with the"
                " next period, or make it a series of its own."
            )


def _together(one: Agreement, other: Agreement) -> bool:
    """Whether both may take of one sale, or of one gift, at once."""
    same_set = one.stacking_set == other.stacking_set != ""
    return same_set and scopes.is_goods(one.scope_key) == scopes.is_goods(other.scope_key)


def _refuse_mixed_bases(members: Sequence[Agreement]) -> None:
    agreement, *others = members
    for other in others:
        if other.basis != agreement.basis:
            raise MixedBases(
                f"{other} of the set {other.stacking_set} is figured on another base"
                f" ({other.get_basis_display().lower()}). Agreements that apply together share theirs."
            )


def _refuse_more_than_the_whole(members: Sequence[Agreement]) -> None:
    """The worst day of the set: on each level the dearest key, levels added up; sums change only on first days."""
    for day in {row.starts_on for row in members}:
        in_force = [row for row in members if row.starts_on <= day <= row.ends_on]
        total = _dearest(in_force)
        # Beside percentages that leave nothing an amount could never be kept.
        if total > 1 or (total == 1 and any(row.each_minor for row in in_force)):
            raise MoreThanTheWhole(total)


def _dearest(members: Sequence[Agreement]) -> Fraction:
    """The most that one sale or gift could owe to these agreements, as a fraction of its basis."""
    levels: dict[str, dict[str, Fraction]] = {}
    for row in members:
        keys = levels.setdefault(scopes.level(row.scope_key), {})
        # Keys that can meet (two collections) add up under their level's name; the others compete.
        key = next((known for known in keys if scopes.could_meet(known, row.scope_key)), row.scope_key)
        keys[key] = keys.get(key, Fraction(0)) + Fraction(row.rate_num, row.rate_den)
    return sum((max(keys.values()) for keys in levels.values()), Fraction(0))
