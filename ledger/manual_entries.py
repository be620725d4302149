"""What a manual entry is before it is in the books: content that two people can sign, and the draft it becomes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any, Final

from babel.numbers import list_currencies
from django.db import transaction

from ledger import builders
from ledger.books import Check
from ledger.contents import stream
from ledger.drafts import AccountRef, BadPosting, EntryDraft, PostingDraft
from ledger.models import ManualEntry
from ledger.operations.post_entry import Posted, post_entry
from people.models import Approval, Attachment, User
from people.queries import local_day, organisation

ABOUT: Final = re.compile(r"stripe:(charge|refund):[A-Za-z0-9_]{1,80}|manual:[1-9][0-9]{0,17}", re.ASCII)
# Only balance transactions move what the processor holds for us (rules/ledger.md L5).
NOT_BY_HAND: Final = frozenset({"stripe_balance"})


class NotByHand(ValueError):
    """An account that no manual entry may move."""


class DayAhead(ValueError):
    """An entry is dated on a day that has not come yet."""


class MonthClosed(Exception):
    """The entry's month takes nothing any more, not even by hand."""


class ReasonMissing(ValueError):
    """An entry or a refusal without a word on why."""


class AttachmentMissing(ValueError):
    """An entry without a document that shows why."""


class NotWaiting(Exception):
    """The manual entry does not wait for a decision (any more)."""


class SamePerson(Exception):
    """Somebody would decide on what they proposed or changed themselves."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is proposed: `reason` is one of builders.REASONS, `words` say it in one's own; amounts in minor units.

    `about` is the charge or refund ("stripe:charge:ch_1") of which the entry settles what clearing (1040) still holds,
    or another entry by hand ("manual:7") that it takes back, or empty: then the entry is an item of its own there.
    """

    reason: str
    words: str
    effective_on: date
    currency: str
    postings: tuple[PostingDraft, ...]
    about: str = ""


def refuse_unfit(content: Content, now: datetime) -> None:
    """Raise what the poster would not see, or what cannot be kept: ReasonMissing, DayAhead, NotByHand, BadPosting."""
    if not content.words.strip():
        raise ReasonMissing("Say why this entry is needed.")
    if content.reason not in builders.REASONS:
        raise BadPosting(f"{content.reason!r} is not one of {', '.join(builders.REASONS)}")
    if content.currency.upper() not in list_currencies():
        raise BadPosting(f"{content.currency!r} is not a currency code such as usd")
    if content.about and not ABOUT.fullmatch(content.about):
        raise BadPosting(f"{content.about[:60]!r} is not a charge or refund such as stripe:charge:ch_1, nor manual:7")
    today = local_day(now)
    if content.effective_on > today:
        raise DayAhead(f"{content.effective_on.isoformat()} has not come yet: today is {today.isoformat()}.")
    for posting in content.postings:
        if type(posting.amount_minor) is not int:
            raise BadPosting(f"an amount is a whole number above zero, not {posting.amount_minor!r}")
        for account in (posting.debit, posting.credit):
            if account.purpose in NOT_BY_HAND:
                raise NotByHand(f"{account.purpose} is moved by the processor's own records, never by hand.")


def take_over(row: ManualEntry, content: Content) -> None:
    """Write a content into the row, which is not saved."""
    row.reason, row.effective_on, row.currency = content.reason, content.effective_on, content.currency
    row.about = content.about
    row.postings = [
        [p.debit.purpose, p.debit.owner, p.credit.purpose, p.credit.owner, p.amount_minor] for p in content.postings
    ]


def post(row: ManualEntry, *, by: User, now: datetime) -> Posted:
    """Post a manual entry on its own day. Raises MonthClosed, and what `post_entry` raises."""
    draft = _draft(row, by, now)
    posted = post_entry(draft, now=now)
    if posted.effective_on != draft.effective_on:
        raise MonthClosed(f"The month of {draft.effective_on.isoformat()} is closed: date the entry later.")
    return posted


def rehearse(row: ManualEntry, *, by: User, now: datetime) -> None:
    """Post it and take it back, so that a proposal is refused for the same faults as the entry would be."""
    with transaction.atomic():
        post(row, by=by, now=now)
        transaction.set_rollback(True)


def current_hash(row: ManualEntry, words: str) -> str:
    """SHA-256 of all that is signed: the entry itself, the reason in words, and the bytes of each document."""
    attachments = Attachment.objects.filter(subject=row.ref).values_list("sha256", flat=True)
    return signed_hash(row, words, attachments)


def signed_hash(row: ManualEntry, words: str, attachments: Iterable[str]) -> str:
    """The same, with the documents' SHA-256 in hex as they were read elsewhere."""
    content = [
        row.ref,
        row.currency,
        row.effective_on.isoformat(),
        row.reason,
        row.postings,
        sha256(words.encode()).hexdigest(),
        sorted(attachments),
        *([row.about] if row.about else []),  # not in what was signed before an entry could name it
    ]
    return sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def ask_for_approval(row: ManualEntry, words: str, *, by: User, now: datetime) -> Approval:
    """Have exactly what the rows now hold wait for a second person; what was asked for before is void."""
    if not Attachment.objects.filter(subject=row.ref).exists():
        raise AttachmentMissing("Add the document that shows why: an invoice, a letter, a bank statement.")
    approval, _ = Approval.objects.update_or_create(
        subject=row.ref,
        decision=Approval.Decision.WAITING,
        defaults={
            "subject_hash": current_hash(row, words.strip()),
            "reason": words.strip(),
            "requested_by": by,
            "requested_at": now,
        },
    )
    return approval


def waiting(manual_entry_id: int, by: User) -> tuple[ManualEntry, Approval]:
    """The locked entry and the approval it waits for, when `by` may decide. Raises NotWaiting, SamePerson."""
    row = ManualEntry.objects.select_for_update().get(pk=manual_entry_id)
    approval = Approval.objects.filter(subject=row.ref, decision=Approval.Decision.WAITING).first()
    if approval is None:
        raise NotWaiting(f"{row.ref} does not wait for a decision.")
    if by.pk in {row.proposed_by_id, approval.requested_by_id, *row.edits.values_list("by_id", flat=True)}:
        raise SamePerson(f"You proposed or changed {row.ref}: another person must decide.")
    return row, approval


def decide(approval: Approval, decision: Approval.Decision, by: User, now: datetime) -> None:
    """Write the decision down."""
    approval.decision, approval.decided_by, approval.decided_at = decision, by, now
    approval.save(update_fields=["decision", "decided_by", "decided_at"])


def unapproved() -> Iterator[str]:
    """For the books: each manual entry of the ledger that no second person approved as it stands there."""
    for pk, key, was_approved, proposed, posted in stream(_UNAPPROVED):
        if not was_approved:
            yield f"manual {key} (entry {pk}) was not approved by a second person"
        elif proposed != posted:
            yield f"manual {key} (entry {pk}) is not what was approved"


CHECKS: Final = (Check("", "each manual entry was approved by a second person", unapproved),)

_UNAPPROVED: Final = """
SELECT e.id, e.idempotency_key,
       EXISTS (SELECT FROM people_approval a
                WHERE a.subject = e.idempotency_key AND m.id IS NOT NULL
                  AND a.decision = 'approved' AND a.decided_by_id <> a.requested_by_id
                  AND a.decided_by_id <> m.proposed_by_id
                  AND NOT EXISTS (SELECT FROM ledger_manualentryedit w
                                   WHERE w.manual_entry_id = m.id AND w.by_id = a.decided_by_id)),
       m.postings::jsonb || jsonb_build_array(m.effective_on),
       (SELECT jsonb_agg(jsonb_build_array(d.purpose, d.owner, c.purpose, c.owner, p.amount_minor) ORDER BY p.ordinal)
          FROM ledger_posting p
          JOIN ledger_account d ON d.id = p.debit
          JOIN ledger_account c ON c.id = p.credit
         WHERE p.entry_id = e.id) || jsonb_build_array(e.effective_date)
  FROM ledger_entry e
  LEFT JOIN ledger_manualentry m ON m.entry_id = e.id
 WHERE e.kind = 'manual'
 ORDER BY e.id
"""


def _draft(row: ManualEntry, by: User, now: datetime) -> EntryDraft:
    """The entry it becomes: at noon of its day, or now when that is earlier."""
    noon = datetime.combine(row.effective_on, time(12), organisation().zone).astimezone(UTC)
    return builders.manual(
        manual_ref=row.ref,
        reason=row.reason,
        postings=tuple(_posting(line) for line in row.postings),
        source=row.about or row.ref,
        event_at=min(noon, now),
        effective_on=row.effective_on,
        currency=row.currency,
        actor=f"user:{by.pk}",
    )


def _posting(line: list[Any]) -> PostingDraft:
    debit, debit_owner, credit, credit_owner, amount_minor = line
    return PostingDraft(AccountRef(debit, debit_owner), AccountRef(credit, credit_owner), amount_minor)
