"""The facts these tests post, as rules/ledger.md section 5 has them, and ways to read what became of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from ledger import builders
from ledger.accounts import CHART, label
from ledger.drafts import AccountRef, EntryDraft, PostingDraft
from ledger.operations.post_entry import Posted, post_entries
from ledger.queries import trial_balance

NOW = datetime(2026, 10, 20, 17, 0, tzinfo=UTC)
DAY = date(2026, 10, 20)
WHEN: dict[str, Any] = {"event_at": NOW, "effective_on": DAY, "currency": "usd"}
DAHLIAS_HOPE, RESTORATION_HOUSE = "partner:1", "partner:2"


def sale(charge: str = "ch_1", **changes: Any) -> EntryDraft:
    """E1: two pairs at 2400, 480 off, shipping 500, tax 366: 5186 charged."""
    parts = {"goods_minor": 4800, "discount_minor": 480, "shipping_minor": 500, "tax_minor": 366}
    return builders.sale(charge_ref=f"stripe:charge:{charge}", **{"source": "order:1042", **WHEN, **parts, **changes})


def gift(charge: str = "ch_2", **changes: Any) -> EntryDraft:
    """E2: 5000 to the Seed Collective, the fee of 180 covered."""
    parts = {"gift_minor": 5000, "cover_minor": 180, "fund": "seed-collective"}
    return builders.gift(charge_ref=f"stripe:charge:{charge}", **{"source": "gift:7", **WHEN, **parts, **changes})


def balance_transaction(bt: str = "txn_1", **changes: Any) -> EntryDraft:
    """E1b: the charge of E1 on the processor's balance, less its fee of 180."""
    parts = {"source": "stripe:charge:ch_1", "category": "charge", "amount_minor": 5186, "fee_minor": 180}
    return builders.balance_transaction(bt_ref=f"stripe:bt:{bt}", **{**WHEN, **parts, **changes})


def accrual(allocation: str = "allocation:1", **changes: Any) -> EntryDraft:
    """E1a: 20% of 4320 to Dahlia's Hope."""
    parts = {"source": "order:1042", "partner": DAHLIAS_HOPE, "amount_minor": 864}
    return builders.accrual(allocation_ref=allocation, **{**WHEN, **parts, **changes})


def entry(key: str, *postings: tuple[str, str, int], **changes: Any) -> EntryDraft:
    """Any entry, its postings written as ("clearing", "sales", 100); an owner follows its purpose after a slash."""
    fields: dict[str, Any] = {"kind": "test", "key": key, "source": "order:1", **WHEN, **changes}
    drafts = tuple(PostingDraft(account(debit), account(credit), amount) for debit, credit, amount in postings)
    return EntryDraft(postings=drafts, **fields)


def account(text: str) -> AccountRef:
    purpose, _, owner = text.partition("/")
    return AccountRef(purpose, owner)


def post(*drafts: EntryDraft) -> list[Posted]:
    """At the standing moment, or as soon as the last of their days has come."""
    days = [datetime.combine(draft.effective_on, NOW.timetz()) for draft in drafts]
    with transaction.atomic():
        return post_entries(drafts, now=max([NOW, *days]))


def shown(draft: EntryDraft) -> list[str]:
    """A draft's postings as rules/ledger.md writes them: "1040/4510 4320"."""
    return [f"{_code(p.debit)} / {_code(p.credit)} {p.amount_minor}" for p in draft.postings]


def _code(ref: AccountRef) -> str:
    return label(CHART[ref.purpose].code, ref.owner)


def balances(as_of: date | None = None) -> dict[str, int]:
    """Every balance that is not zero, debit-positive, by "2110/partner:1"."""
    lines = trial_balance(as_of)
    return {label(line.code, line.owner): line.balance_minor for line in lines if line.balance_minor}
