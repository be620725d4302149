"""What the books begin with: balances that two people sign, and the entries they become, one for each currency."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from django.db import transaction

from ledger import builders
from ledger.accounts import chart_line
from ledger.books import Check
from ledger.builders.by_hand import NET_ASSETS
from ledger.drafts import AccountRef, EntryDraft
from ledger.hashing import content_hash
from ledger.models import Entry, Opening
from ledger.operations.post_entry import Posted, post_entries
from people.models import Approval, Attachment, Organisation, User
from people.queries import books_begin_at

STRIPE_BALANCE: Final = "stripe_balance"
Balances = Mapping[str, Mapping[AccountRef, int]]  # by currency, debit-positive


class NotBegun(Exception):
    """Nobody has said on which day the books begin."""


class MonthClosed(Exception):
    """The month before the books begin takes nothing any more."""


class NotWaiting(Exception):
    """The opening balances do not wait for a decision (any more)."""


class SamePerson(Exception):
    """Somebody would decide on what they proposed themselves."""


class ContentChanged(Exception):
    """They are not those that the approver saw."""


class ReasonMissing(ValueError):
    """A proposal or a refusal without a word on why."""


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One line of the trial balance with which the books begin."""

    code: str
    owner: str
    name: str
    currency: str
    balance_minor: int

    @property
    def debit_minor(self) -> int:
        return max(self.balance_minor, 0)

    @property
    def credit_minor(self) -> int:
        return max(-self.balance_minor, 0)


@dataclass(frozen=True, slots=True)
class Total:
    """Both sides of a trial balance in one currency."""

    currency: str
    debits_minor: int
    credits_minor: int


def totals_of(lines: Iterable[TrialLine]) -> list[Total]:
    """What the lines come to, by currency."""
    return [
        Total(currency, sum(line.debit_minor for line in rows), sum(line.credit_minor for line in rows))
        for currency, group in groupby(lines, key=lambda line: line.currency)
        for rows in [list(group)]
    ]


def trial_balance(balances: Balances) -> list[TrialLine]:
    """The lines by currency, code and owner; the debits of a currency come to its credits."""
    lines = [
        TrialLine(
            (chart := chart_line(account.purpose, account.owner)).code, account.owner, chart.name, currency, amount
        )
        for currency, of_currency in balances.items()
        for account, amount in of_currency.items()
    ]
    return sorted(lines, key=lambda line: (line.currency, line.code, line.owner))


def eve_of_the_books(org: Organisation) -> tuple[date, datetime]:
    """The day before the books begin and its last second, on which they are opened. Raises NotBegun."""
    begin_at = books_begin_at(org)
    if begin_at is None or org.books_begin_on is None:
        raise NotBegun("Say first on which day the books begin: manage.py begin_books 2027-01-01.")
    return org.books_begin_on - timedelta(days=1), begin_at - timedelta(seconds=1)


def write_down(row: Opening, balances: Balances) -> None:
    """Put balances into the row, which is not saved."""
    row.balances = [
        [account.purpose, account.owner, currency, amount]
        for currency, of_currency in sorted(balances.items())
        for account, amount in sorted(of_currency.items(), key=lambda item: (item[0].purpose, item[0].owner))
    ]


def balances_of(row: Opening) -> dict[str, dict[AccountRef, int]]:
    """What the row holds."""
    found: dict[str, dict[AccountRef, int]] = {}
    for purpose, owner, currency, amount in row.balances:
        found.setdefault(currency, {})[AccountRef(purpose, owner)] = amount
    return found


def drafts_of(row: Opening, *, actor: str = "system") -> list[EntryDraft]:
    """The entries that open the books; net assets are what the other balances leave."""
    return [builders.opening(**figures) for figures in _figures(row, actor)]


def reversals_of(row: Opening, *, actor: str = "system") -> list[EntryDraft]:
    """The entries that take them back."""
    return [builders.opening_reversed(**figures) for figures in _figures(row, actor)]


def _figures(row: Opening, actor: str) -> list[dict[str, Any]]:
    return [
        {
            "opening_ref": f"{row.ref}:{currency}",
            "balances": {account: amount for account, amount in of_currency.items() if account != NET_ASSETS},
            "source": row.ref,
            "event_at": row.event_at,
            "effective_on": row.effective_on,
            "currency": currency,
            "actor": actor,
        }
        for currency, of_currency in balances_of(row).items()
    ]


def post(row: Opening, *, by: User, now: datetime) -> list[Posted]:
    """Post the opening on its own day. Raises MonthClosed, and what `post_entries` raises."""
    posted = post_entries(drafts_of(row, actor=f"user:{by.pk}"), now=now)
    if any(one.effective_on != row.effective_on for one in posted):
        raise MonthClosed(f"The month of {row.effective_on.isoformat()} is closed, and the books open on that day.")
    return posted


def rehearse(row: Opening, *, by: User, now: datetime) -> None:
    """Post it and take it back, so that a proposal is refused for the same faults as the entries would be."""
    with transaction.atomic():
        post(row, by=by, now=now)
        transaction.set_rollback(True)


def current_hash(row: Opening) -> str:
    """SHA-256 of all that is signed: the balances, their day, and the bytes of each document."""
    attachments = Attachment.objects.filter(subject=row.ref).values_list("sha256", flat=True)
    return signed_hash(row, attachments)


def signed_hash(row: Opening, attachments: Iterable[str]) -> str:
    """The same, with the documents' SHA-256 in hex as they were read elsewhere."""
    content = [row.ref, row.effective_on.isoformat(), row.balances, sorted(attachments)]
    return sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def waiting(subject: str, *, by: User) -> Approval:
    """The locked approval that waits under the subject, when `by` may decide. Raises NotWaiting, SamePerson."""
    approval = Approval.objects.select_for_update().filter(subject=subject, decision="waiting").first()
    if approval is None:
        raise NotWaiting(f"{subject} does not wait for a decision.")
    if by.pk == approval.requested_by_id:
        raise SamePerson("You proposed this: another person must decide.")
    return approval


def decide(approval: Approval, decision: Approval.Decision, by: User, now: datetime) -> None:
    """Write the decision down."""
    approval.decision, approval.decided_by, approval.decided_at = decision, by, now
    approval.save(update_fields=["decision", "decided_by", "decided_at", "reason"])


def unapproved() -> Iterator[str]:
    """For the books: each entry that opens them, or takes that back, is what two people signed, and there is one."""
    wanted: dict[str, EntryDraft] = {}
    for row in Opening.objects.order_by("pk"):
        if row.state in (Opening.State.POSTED, Opening.State.REVERSED) and _is_signed(row, row.ref):
            wanted |= {draft.key: draft for draft in drafts_of(row)}
        if row.state == Opening.State.REVERSED and _is_signed(row, row.reversal_ref):
            wanted |= {draft.key: draft for draft in reversals_of(row)}
    entries = Entry.objects.filter(kind="opening").order_by("pk")
    for entry in entries:
        draft = wanted.pop(entry.idempotency_key, None)
        if draft is None:
            yield f"opening {entry.idempotency_key} (entry {entry.pk}) was not approved by a second person"
        elif bytes(entry.content_hash) != content_hash(draft, entry.effective_date):
            yield f"opening {entry.idempotency_key} (entry {entry.pk}) is not what was approved"
    for key in wanted:
        yield f"opening {key} was approved and is not in the books"


def _is_signed(row: Opening, subject: str) -> bool:
    approval = Approval.objects.filter(subject=subject, decision=Approval.Decision.APPROVED).first()
    return approval is not None and approval.subject_hash == current_hash(row)


CHECKS: Final = (Check("", "the opening balances were approved by a second person", unapproved),)
