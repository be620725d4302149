"""A person says what a bank line is: payouts, a fee or interest, an entry made by hand, or a line that came twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, Sum

from ledger.models import Entry, Posting
from partners.bank.learning import learn
from partners.bank.open_sides import arriving
from partners.models import BankLine, LearnedRule, Match, MatchItem, Method, PartnerPayout
from partners.operations.record_matches import MatchWanted, record_matches
from people.models import User

Side = MatchItem.Side


class DoesNotFit(ValueError):
    """The two sides cannot be the same: other amounts, or one of them is matched already; `str(error)` says which."""


@transaction.atomic
def choose_match(
    *,
    line_ids: Sequence[int],
    by: User,
    now: datetime,
    payout_ids: Sequence[int] = (),
    stripe_payout_ids: Sequence[int] = (),
    rest_purpose: str = "",
) -> Match:
    """Propose by hand that lines are payouts; what is over or missing is a bank fee or interest if `rest_purpose` says.

    `settle_matches` confirms it. Payouts to partners and Stripe's are not mixed. Raises DoesNotFit.
    """
    payouts = list(PartnerPayout.objects.select_for_update(of=("self",)).filter(pk__in=payout_ids).order_by("id"))
    lines = _lines(line_ids)
    stripe = list(arriving().filter(pk__in=stripe_payout_ids).order_by("id"))
    if (len(payouts), len(stripe)) != (len(set(payout_ids)), len(set(stripe_payout_ids))):
        raise DoesNotFit("One of these payouts has failed, or was cancelled: it brings no money.")
    if bool(payouts) == bool(stripe):
        raise DoesNotFit("Choose payouts to partners, or payouts of Stripe: not both, and not none.")
    is_return = bool(payouts) and lines[0].amount_minor > 0
    state = PartnerPayout.State
    wanted = (state.SETTLED, state.RETURNED) if is_return else (state.IN_FLIGHT,)
    if any(payout.state not in wanted or payout.method == Method.CONNECT for payout in payouts):
        raise DoesNotFit("This payout is matched already." if not is_return else "Only what had arrived can come back.")
    items = [
        MatchItem(side=Side.PARTNER, payout=one, is_return=is_return, amount_minor=_sign(is_return) * one.amount_minor)
        for one in payouts
    ] + [MatchItem(side=Side.PROCESSOR, stripe_payout=one, amount_minor=one.amount_minor) for one in stripe]
    if {one.currency for one in payouts} | {one.currency for one in stripe} != {lines[0].currency}:
        raise DoesNotFit("The currencies differ.")
    off = sum(line.amount_minor for line in lines) - sum(item.amount_minor for item in items)
    if off and rest_purpose:
        _refuse_purpose(rest_purpose)
        if len(lines) > 1:
            raise DoesNotFit("A fee can be split off one line, not off several.")
        items.append(MatchItem(side=Side.LEDGER, purpose=rest_purpose, amount_minor=off))
    elif off:
        raise DoesNotFit("The amounts differ. Lines and payouts must come to the same.")
    kind = Match.Kind.RETURNED if is_return else Match.Kind.PAID if payouts else Match.Kind.ARRIVED
    return _record(kind, lines, items, by, now)


@transaction.atomic
def explain_line(*, line_id: int, purpose: str, by: User, now: datetime, always: bool = False) -> Match:
    """Propose that a line is a bank fee or interest; `always` has lines like it proposed so from now on."""
    (line,) = _lines([line_id])
    _refuse_purpose(purpose)
    items = [MatchItem(side=Side.LEDGER, purpose=purpose, amount_minor=line.amount_minor)]
    match = _record(Match.Kind.EXPLAINED, [line], items, by, now)
    if always:
        learn(line, purpose, match, by, now)
    return match


@transaction.atomic
def name_entry(*, line_id: int, entry_key: str, by: User, now: datetime) -> Match:
    """Propose that a line is what two people booked by hand already; nothing is posted. Raises DoesNotFit."""
    (line,) = _lines([line_id])
    taken_back = Exists(Entry.objects.filter(reverses=OuterRef("pk")))
    entries = Entry.objects.filter(~taken_back, kind__in=("manual", "opening"), reverses=None)
    entry = entries.filter(idempotency_key=entry_key.strip()).first()
    if entry is None:
        raise DoesNotFit(f"No entry by hand that stands in the books has the key “{entry_key[:60]}”.")
    if _moved_at_bank(entry, line) != line.amount_minor:
        raise DoesNotFit("That entry does not move this bank account by the amount of the line.")
    items = [MatchItem(side=Side.LEDGER, entry=entry, amount_minor=line.amount_minor)]
    return _record(Match.Kind.BOOKED, [line], items, by, now)


@transaction.atomic
def name_duplicate(*, line_id: int, of_line_id: int, by: User, now: datetime) -> Match:
    """Propose that a line tells of the same movement as another one; it then counts for nothing. Raises DoesNotFit.

    The other one counts, so it may be no duplicate itself, and what is repeated may become none.
    """
    found = {line.pk: line for line in _lines([line_id, of_line_id])}
    line, other = found.get(line_id), found.get(of_line_id)
    if line is None or other is None or line is other or line.amount_minor != other.amount_minor:
        raise DoesNotFit("A duplicate has the same account and amount as the line that it repeats.")
    repeats = MatchItem.objects.filter(match__kind=Match.Kind.DUPLICATE, is_active=True)
    if repeats.filter(Q(side=Side.BANK, line=other) | Q(side=Side.LEDGER, line=line)).exists():
        raise DoesNotFit("One of these lines is a duplicate already, or repeated by one: of two lines, one must count.")
    items = [MatchItem(side=Side.LEDGER, line=other, amount_minor=other.amount_minor)]
    return _record(Match.Kind.DUPLICATE, [line], items, by, now)


def _lines(line_ids: Sequence[int]) -> list[BankLine]:
    lines = list(BankLine.objects.select_for_update(of=("self",)).filter(pk__in=line_ids).order_by("id"))
    if not lines or len(lines) != len(set(line_ids)):
        raise DoesNotFit("Choose at least one bank line.")
    if len({(line.account_id, line.currency, line.amount_minor > 0) for line in lines}) > 1:
        raise DoesNotFit("Lines of one match are of one account and go in one direction.")
    return lines


def _record(kind: Match.Kind, lines: list[BankLine], items: list[MatchItem], by: User, now: datetime) -> Match:
    bank = [MatchItem(side=Side.BANK, line=line, amount_minor=line.amount_minor) for line in lines]
    wanted = MatchWanted(kind, Match.Rule.PERSON, 0, False, [*bank, *items])
    try:
        with transaction.atomic():
            (match,) = record_matches([wanted], by_id=by.pk, now=now)
    except IntegrityError as error:
        raise DoesNotFit("One of them is matched already.") from error
    return match


def _moved_at_bank(entry: Entry, line: BankLine) -> int:
    """What an entry moved on the account's own account in the books, or on the one without an owner."""
    ours = {"purpose": "bank", "owner__in": ("", f"bank:{line.account_id}")}
    postings = Posting.objects.filter(entry=entry)
    debit = postings.filter(**{f"debit__{name}": value for name, value in ours.items()})
    credit = postings.filter(**{f"credit__{name}": value for name, value in ours.items()})
    taken = [rows.aggregate(total=Sum("amount_minor"))["total"] or 0 for rows in (debit, credit)]
    return int(taken[0] - taken[1])


def _refuse_purpose(purpose: str) -> None:
    if purpose not in LearnedRule.PURPOSES:
        raise DoesNotFit("Only fees and interest of the bank are booked from here; two people book the rest by hand.")


def _sign(is_return: bool) -> int:
    return 1 if is_return else -1
