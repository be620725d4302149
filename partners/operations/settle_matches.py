"""Bank lines are what their match says: the books say so too, and payouts to partners are settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, tzinfo

from django.db import transaction

from ledger import builders
from ledger.drafts import AccountRef, EntryDraft
from ledger.models import Entry
from ledger.operations.post_entry import post_entries
from partners.bank.confirmers import Whole, refuse_same_person
from partners.bank.open_sides import arriving
from partners.models import BankLine, Match, MatchEntry, MatchEvent, MatchItem, Partner, PartnerPayout
from partners.operations.name_statement_differences import name_statement_differences
from partners.operations.return_payout import return_payout
from partners.operations.settle_payout import finish_batches, settle_payout
from people.models import User
from people.queries import organisation

Side = MatchItem.Side


class NotProposed(Exception):
    """The match was confirmed or undone before."""


class Overtaken(NotProposed):
    """What the match holds has failed or been taken back since it was proposed."""


@transaction.atomic
def settle_matches(*, match_ids: Sequence[int], by: User | None, now: datetime) -> list[Match]:
    """Confirm proposed matches and post what they say, on the days of their lines (rules/ledger.md E4, E7).

    Who may not confirm which is said in `bank.confirmers`. `by` is None where the rule itself is certain. However many
    matches, Stripe's payouts, fees and interest cost a handful of statements. Raises NotProposed, Overtaken,
    SamePerson, NotOnItsWay, NotArrived; then nothing has changed.
    """
    # 1. Partners of what came back, payouts, then matches: the order in which every operation locks them.
    payouts = _lock_payouts(match_ids)
    wholes = _lock_matches(match_ids)
    if len(wholes) != len(set(match_ids)) or (by is None and not all(_needs_nobody(one.match) for one in wholes)):
        raise NotProposed("One of these matches was decided before. Load the page again.")
    # 2. Somebody other than who took the first step, and what they saw is so still.
    if by is not None:
        refuse_same_person(wholes, by)
        _refuse_overtaken(wholes)
    # 3. The books: lines in bulk, payouts one by one, because each changes its own rows.
    zone = organisation().zone
    drafts = [(one.match, draft) for one in wholes for draft in _line_drafts(one, by, zone, now)]
    posted = post_entries([draft for _, draft in drafts], now=now) if drafts else []
    entries = [
        MatchEntry(match=match, entry_id=entry.entry_id) for (match, _), entry in zip(drafts, posted, strict=True)
    ]
    for one in wholes:
        if one.match.kind in (Match.Kind.PAID, Match.Kind.RETURNED):
            entries += _settle(one, payouts, by, zone, now)
    # 4. The matches, and the batches whose last payout this was.
    MatchEntry.objects.bulk_create(entries)
    decide(match_ids, Match.State.CONFIRMED, by, now)
    finish_batches({payout.batch_id for payout in payouts.values()}, now)
    if any(one.match.kind == Match.Kind.DUPLICATE for one in wholes):
        name_statement_differences(now=now)  # balances are held against lines that count
    return [one.match for one in wholes]


def decide(match_ids: Sequence[int], state: Match.State, by: User | None, now: datetime, reason: str = "") -> None:
    """Write the decision on matches that are locked, and into their history."""
    Match.objects.filter(pk__in=match_ids).update(state=state, decided_by=by, decided_at=now)
    MatchEvent.objects.bulk_create(
        MatchEvent(match_id=pk, word=state, by=by, at=now, reason=reason[:200]) for pk in match_ids
    )


def _needs_nobody(match: Match) -> bool:
    """What came back is looked at by a person, whatever the rule found: its partner is put on hold in their name."""
    return match.is_certain and match.kind != Match.Kind.RETURNED


def _refuse_overtaken(wholes: Sequence[Whole]) -> None:
    """A payout of Stripe's may have failed, and an entry by hand may have been taken back, while the match waited."""
    others = [item for whole in wholes for item in whole.others]
    stripe = {item.stripe_payout_id for item in others if item.stripe_payout_id is not None}
    if stripe and arriving().filter(pk__in=stripe).count() != len(stripe):
        raise Overtaken("A payout of Stripe's that this match holds has failed since. Say that they are not the same.")
    entries = [item.entry_id for item in others if item.entry_id is not None]
    if entries and Entry.objects.filter(reverses__in=entries).exists():
        raise Overtaken("The entry that this match holds was taken back since. Say that they are not the same.")


def _lock_payouts(match_ids: Sequence[int]) -> dict[int, PartnerPayout]:
    back = MatchItem.objects.filter(match__in=match_ids, payout__isnull=False, is_return=True)
    list(Partner.objects.select_for_update().filter(pk__in=back.values("payout__partner")).order_by("pk"))
    rows = PartnerPayout.objects.select_for_update(of=("self",)).filter(
        pk__in=MatchItem.objects.filter(match__in=match_ids, payout__isnull=False).values("payout")
    )
    return {payout.pk: payout for payout in rows.select_related("partner", "batch").order_by("id")}


def _lock_matches(match_ids: Sequence[int]) -> list[Whole]:
    matches = Match.objects.select_for_update(of=("self",)).filter(pk__in=match_ids, state=Match.State.PROPOSED)
    items: dict[int, list[MatchItem]] = defaultdict(list)
    for item in MatchItem.objects.filter(match__in=match_ids).select_related("line").order_by("id"):
        items[item.match_id].append(item)
    return [Whole.of(match, items[match.pk]) for match in matches.order_by("id")]


def _line_drafts(whole: Whole, by: User | None, zone: tzinfo, now: datetime) -> Iterable[EntryDraft]:
    """An entry for each line: against cash in transit, fees, interest or a partner whose payment came back."""
    match, others = whole.match, whole.others
    if match.kind in (Match.Kind.BOOKED, Match.Kind.DUPLICATE):
        return
    parts = [(_account(item), item.amount_minor) for item in others if _account(item) is not None]
    for item in whole.lines:
        line = _line(item)
        amounts = parts if len(whole.lines) == 1 else [(parts[0][0], item.amount_minor)] if parts else []
        if not amounts:
            continue
        yield builders.bank_line_in_parts(
            line_ref=f"{line.ref}:match:{match.pk}",
            parts=tuple((account, amount) for account, amount in amounts if account is not None),
            bank=f"bank:{line.account_id}",
            source=line.ref,
            event_at=min(noon_of(line.booked_on, zone), now),
            effective_on=line.booked_on,
            currency=line.currency,
            actor=f"user:{by.pk}" if by else "system",
        )


def _account(item: MatchItem) -> AccountRef | None:
    if item.side == Side.PROCESSOR:
        return AccountRef("in_transit")
    return AccountRef(item.purpose) if item.purpose else None


def _settle(
    whole: Whole, payouts: dict[int, PartnerPayout], by: User | None, zone: tzinfo, now: datetime
) -> list[MatchEntry]:
    """Each payout of the match leaves, or comes back, on the day of its last line.

    What somebody entered as come back before its line was there is booked; the match holds that entry.
    """
    last = max((_line(item) for item in whole.lines), key=lambda line: line.booked_on)
    on, at, bank = last.booked_on, min(noon_of(last.booked_on, zone), now), f"bank:{last.account_id}"
    entries = []
    for item in whole.others:
        if item.payout_id is None:
            continue
        if item.is_return:
            assert by is not None  # what came back is never confirmed by a rule
            attempt = return_payout(payout_id=item.payout_id, bank=bank, on=on, at=at, code="", by=by, now=now)
            entry_id = attempt.back_entry_id
        else:
            attempt = settle_payout(payouts[item.payout_id], on=on, at=at, bank=bank, now=now)
            entry_id = attempt.settled_entry_id
        assert entry_id is not None
        entries.append(MatchEntry(match=whole.match, entry_id=entry_id))
    return entries


def _line(item: MatchItem) -> BankLine:
    assert item.line is not None
    return item.line


def noon_of(day: date, zone: tzinfo) -> datetime:
    """The bank tells no hour."""
    return datetime.combine(day, time(12), zone).astimezone(UTC)
