"""The balances with which the books begin wait for a second person, with the file they were read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from ledger import opening_csv
from ledger.drafts import AccountRef
from ledger.models import Entry, Opening
from ledger.opening_csv import Verdict
from ledger.openings import (
    STRIPE_BALANCE,
    Balances,
    NotBegun,
    ReasonMissing,
    Total,
    TrialLine,
    current_hash,
    eve_of_the_books,
    rehearse,
    totals_of,
    trial_balance,
    write_down,
)
from people.models import Approval, Organisation, User
from people.money import format_minor
from people.operations.attach_file import attach_file
from people.queries import local_day

__all__ = ["AlreadyOpened", "Looked", "NotBegun", "ReasonMissing", "Unfit", "look_at_opening", "propose_opening"]

_HELD: Final = AccountRef(STRIPE_BALANCE)


class AlreadyOpened(Exception):
    """The books have opening balances, or some wait for approval: there is one opening entry."""


class Unfit(ValueError):
    """The file cannot open the books; `looked` says what is wrong with it, row by row and as a whole."""

    def __init__(self, looked: Looked) -> None:
        bad = len([row for row in looked.verdicts if row.verdict == "refused"])
        super().__init__(" ".join([f"{bad} rows are refused."] * bool(bad) + list(looked.problems)))
        self.looked = looked


@dataclass(frozen=True, slots=True)
class Looked:
    """A dry run: a verdict for each row, the trial balance they make, and what keeps them from opening the books."""

    verdicts: tuple[Verdict, ...]
    trial: tuple[TrialLine, ...]
    problems: tuple[str, ...]

    @property
    def totals(self) -> list[Total]:
        return totals_of(self.trial)

    @property
    def fits(self) -> bool:
        return not self.problems and all(row.verdict != "refused" for row in self.verdicts)


def look_at_opening(*, content: bytes, stripe_minor: Mapping[str, int]) -> Looked:
    """What the file would do. Writes nothing. `stripe_minor`: what Stripe held by currency just before the books begin.

    Raises NotReadable for a file that is not this table.
    """
    verdicts = opening_csv.verdicts_of(content)
    balances = opening_csv.balances(verdicts)
    problems = [*_out_of_balance(balances), *_not_what_stripe_held(balances, stripe_minor)]
    if not balances:
        problems.append("No row opens an account.")
    return Looked(tuple(verdicts), tuple(trial_balance(balances)), tuple(problems))


@transaction.atomic
def propose_opening(
    *, file_name: str, content: bytes, words: str, stripe_minor: Mapping[str, int], by: User, now: datetime
) -> Opening:
    """Have the balances of the file wait for another person's approval; nothing is in the books before it.

    There is one opening: another one only after this was refused or taken back. 1050, which else only Stripe's balance
    transactions move, must be what Stripe held. Raises NotBegun, ReasonMissing, AlreadyOpened, NotReadable, Unfit,
    NotAttachable, MonthClosed, and what `post_entries` raises; then nothing was written.
    """
    # 1. One proposal at a time, of a day that has come.
    org = Organisation.objects.select_for_update().get(pk=1)
    effective_on, event_at = eve_of_the_books(org)
    if local_day(now, org) <= effective_on:
        raise NotBegun(f"The books begin on {org.books_begin_on}, which has not come yet.")
    if not words.strip():
        raise ReasonMissing("Say where these balances come from.")
    if standing := Opening.objects.filter(stands=True).first():
        raise AlreadyOpened(f"{standing.ref} {_stands(standing)}: there is one opening entry.")
    # 2. All rows or none.
    looked = look_at_opening(content=content, stripe_minor=stripe_minor)
    if not looked.fits:
        raise Unfit(looked)
    # 3. The row, a rehearsal of its entries, the file, and the question.
    row = Opening(effective_on=effective_on, event_at=event_at, proposed_by=by, proposed_at=now)
    write_down(row, opening_csv.balances(looked.verdicts))
    row.save()
    _refuse_earlier_entries(row)
    rehearse(row, by=by, now=now)
    attach_file(subject=row.ref, name=file_name, content=content, by=by, now=now)
    Approval.objects.create(
        subject=row.ref, subject_hash=current_hash(row), reason=words.strip(), requested_by=by, requested_at=now
    )
    return row


def _refuse_earlier_entries(row: Opening) -> None:
    before = Entry.objects.filter(effective_date__lte=row.effective_on).exclude(kind="opening")
    if first := before.order_by("effective_date", "pk").first():
        raise AlreadyOpened(
            f"The books hold {first.idempotency_key} of {first.effective_date.isoformat()}, before they begin:"
            " the opening balances would count it again."
        )


def _stands(row: Opening) -> str:
    return "is in the books" if row.state == Opening.State.POSTED else "waits for approval"


def _out_of_balance(balances: Balances) -> list[str]:
    found = []
    for currency, of_currency in sorted(balances.items()):
        debits = sum(amount for amount in of_currency.values() if amount > 0)
        credits_minor = -sum(amount for amount in of_currency.values() if amount < 0)
        if debits != credits_minor:
            said = [format_minor(amount, currency) for amount in (debits, credits_minor, abs(debits - credits_minor))]
            found.append(f"{currency.upper()} does not balance: debits {said[0]}, credits {said[1]}, {said[2]} apart.")
    return found


def _not_what_stripe_held(balances: Balances, stripe_minor: Mapping[str, int]) -> Sequence[str]:
    found = []
    for currency in sorted({*balances, *stripe_minor}):
        ours, theirs = balances.get(currency, {}).get(_HELD, 0), stripe_minor.get(currency, 0)
        if ours != theirs:
            said = format_minor(ours, currency), format_minor(theirs, currency)
            found.append(f"1050 in {currency.upper()} is {said[0]} in the file; Stripe held {said[1]} then.")
    return found
