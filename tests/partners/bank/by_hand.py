"""What people put into the books at a bank, as two of them would post it."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from ledger import builders
from ledger.drafts import AccountRef, PostingDraft
from ledger.operations.post_entry import post_entry
from partners.models import BankAccount
from tests.partners.conftest import NOW

RENT = AccountRef("write_off")


@transaction.atomic
def booked_by_hand(
    account: BankAccount, amount_minor: int, day: date, key: str = "manual:1", *, about: str = ""
) -> None:
    """As two people's approval posts it; above zero it is said to have come in."""
    bank = AccountRef("bank", account.ref)
    debit, credit = (bank, RENT) if amount_minor > 0 else (RENT, bank)
    draft = builders.manual(
        manual_ref=key, reason="correction", source=about or key, event_at=NOW, effective_on=day, currency="usd",
        postings=[PostingDraft(debit, credit, abs(amount_minor))],
    )  # fmt: skip
    post_entry(draft, now=NOW)


@transaction.atomic
def opened_with(account: BankAccount, amount_minor: int) -> None:
    draft = builders.opening(
        opening_ref="opening:1:usd", balances={AccountRef("bank", account.ref): amount_minor}, source="opening:1",
        event_at=NOW, effective_on=date(2026, 9, 30), currency="usd",
    )  # fmt: skip
    post_entry(draft, now=NOW)
