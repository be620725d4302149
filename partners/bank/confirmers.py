"""Who may not confirm a match: whoever had the money leave, called a line a duplicate, or taught what it is.

Small fees and interest are the one thing that a person may explain and confirm alone, up to a limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection
from django.db.models import F, Q, Sum
from django.db.models.functions import Abs

from partners.bank.learning import pattern_of, words_of
from partners.models import BankLine, LearnedRule, Match, MatchItem
from partners.two_people import SamePerson
from people.models import User
from people.money import format_minor

# POLICY: of fees and interest, by month of their lines and by currency, what one person may explain and confirm alone.
ALONE_MINOR: Final = 5_000


@dataclass(frozen=True, slots=True)
class Whole:
    """A match with what it holds: lines of the bank, and the rest."""

    match: Match
    lines: list[MatchItem]
    others: list[MatchItem]

    @classmethod
    def of(cls, match: Match, items: Iterable[MatchItem]) -> Whole:
        """A match and all its items, of which the lines are loaded."""
        sides: tuple[list[MatchItem], list[MatchItem]] = ([], [])
        for item in items:
            sides[item.side != MatchItem.Side.BANK].append(item)
        return cls(match, *sides)


def hands_on(payout_ids: Collection[int]) -> dict[int, set[int]]:
    """Everybody who had these payouts to partners leave: who sent them or tried anew, issued the cheque, made the
    bank's file, or showed that it went by hand. One query."""
    found: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_HANDS, {"payouts": list(payout_ids)})
        for payout, user in cursor.fetchall():
            found[payout].add(user)
    return dict(found)


def refuse_same_person(wholes: Sequence[Whole], by: User) -> None:
    """Raise SamePerson where the confirming step would be by whoever took the first one. Call it under the locks."""
    if _explained_alone(wholes, by):
        with connection.cursor() as cursor:  # two at once wait for each other here, so that the second counts the first
            cursor.execute("SELECT pg_advisory_xact_lock(7103, 0)")
    if words := why_not(wholes, by):
        raise SamePerson(words)


def why_not(wholes: Sequence[Whole], by: User) -> str:
    """Why `by` may not confirm all of these, in words; empty where they may. Three queries at most."""
    payouts = {item.payout_id for whole in wholes for item in whole.others if item.payout_id is not None}
    if payouts and any(by.pk in some for some in hands_on(payouts).values()):
        return "You sent this payout: another person must confirm that it arrived."
    if any(whole.match.kind == Match.Kind.DUPLICATE and whole.match.proposed_by_id == by.pk for whole in wholes):
        return "You called this line a duplicate: another person must confirm it."
    if any(_taught(whole, by) for whole in wholes if whole.match.rule == Match.Rule.LEARNED):
        return "You taught what such lines are: another person must confirm this one."
    for (month, currency), explained in _explained_alone(wholes, by).items():
        if explained + _alone_before(month, currency) > ALONE_MINOR:
            return (
                f"One person alone explains fees and interest of up to {format_minor(ALONE_MINOR, currency)} a month:"
                " another person must confirm this one."
            )
    return ""


def _taught(whole: Whole, by: User) -> bool:
    """Whether the rule that proposed it was learned from `by`."""
    line = _line(whole.lines[0])
    rules = LearnedRule.objects.filter(
        Q(stopped_at__isnull=True) | Q(stopped_at__gte=whole.match.proposed_at),
        account=line.account_id,
        pattern=pattern_of(words_of(line.description, line.reference)),
        is_credit=line.amount_minor > 0,
        learned_at__lte=whole.match.proposed_at,
        learned_by=by,
    )
    return rules.exists()


def _explained_alone(wholes: Sequence[Whole], by: User) -> dict[tuple[date, str], int]:
    """By month and currency, what `by` explained of these as fees and interest and would confirm too."""
    alone: dict[tuple[date, str], int] = defaultdict(int)
    for whole in wholes:
        explained = sum(abs(item.amount_minor) for item in whole.others if item.purpose)
        if explained and whole.match.proposed_by_id == by.pk:
            line = _line(whole.lines[0])
            alone[line.booked_on.replace(day=1), line.currency] += explained
    return dict(alone)


def _alone_before(month: date, currency: str) -> int:
    """What was explained so in a month so far, by whomever."""
    own = MatchItem.objects.filter(
        side=MatchItem.Side.BANK,
        match__state=Match.State.CONFIRMED,
        match__decided_by=F("match__proposed_by"),
        line__currency=currency,
        line__booked_on__year=month.year,
        line__booked_on__month=month.month,
    )
    explained = MatchItem.objects.filter(match__in=own.values("match"), is_active=True).exclude(purpose="")
    return int(explained.aggregate(total=Sum(Abs("amount_minor")))["total"] or 0)


def _line(item: MatchItem) -> BankLine:
    assert item.line is not None
    return item.line


_HANDS: Final = """
    WITH tries AS (SELECT * FROM partners_payoutattempt WHERE payout_id = ANY(%(payouts)s))
    SELECT payout_id, started_by_id FROM tries WHERE started_by_id IS NOT NULL
     UNION
    SELECT t.payout_id, c.issued_by_id FROM tries t JOIN partners_cheque c ON c.attempt_id = t.id
     UNION
    SELECT t.payout_id, f.made_by_id
      FROM tries t JOIN partners_achentry e ON e.attempt_id = t.id JOIN partners_achfile f ON f.id = e.file_id
     UNION
    SELECT t.payout_id, a.added_by_id
      FROM tries t JOIN people_attachment a ON a.subject = t.key
     WHERE t.method = 'manual'
"""
