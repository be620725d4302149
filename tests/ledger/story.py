"""The worked chain of rules/ledger.md section 5 as facts, and the whole ledger as a table that a person can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import count, groupby
from typing import Any

from ledger import builders
from ledger.accounts import CHART, label
from ledger.builders import Parts
from ledger.drafts import EntryDraft
from ledger.models import Posting
from ledger.queries import trial_balance
from ledger.splitting import reversed_to_date, split_refund
from tests.ledger.facts import DAHLIAS_HOPE, RESTORATION_HOUSE

Event = tuple[str, list[EntryDraft]]

SOLD = {"goods_minor": 4800, "discount_minor": 480, "shipping_minor": 500, "tax_minor": 366}
PAID_PARTS = (4320, 500, 366)


def until_the_partners_are_paid() -> Iterator[Event]:
    """E1 to E8: two sales and a gift, a refund, a dispute, both payouts, and one of them returned by the bank."""
    day = _days()
    yield "E1 Sale: 4800, discount 480, shipping 500, tax 366", [_sale("ch_1", "order:1042", **next(day))]
    yield "E1b Its balance transaction", [_charged("txn_1", "ch_1", 5186, **next(day))]
    yield "E1a 20% of 4320 to Dahlia's Hope", [_accrual("1", "order:1042", DAHLIAS_HOPE, 864, **next(day))]
    gift: dict[str, Any] = {"charge_ref": "stripe:charge:ch_2", "source": "gift:7", "fund": "seed-collective"}
    yield (
        "E2 Gift of 5000, the fee of 180 covered",
        [builders.gift(**gift, gift_minor=5000, cover_minor=180, **next(day))],
    )
    yield "E2b Its balance transaction", [_charged("txn_2", "ch_2", 5180, **next(day))]
    when = next(day)
    yield (
        "E2a 40% each to Dahlia's Hope and Restoration House KC",
        [
            _accrual("2", "gift:7", DAHLIAS_HOPE, 2000, **when),
            _accrual("3", "gift:7", RESTORATION_HOUSE, 2000, **when),
        ],
    )
    goods, shipping, tax = split_refund(2000, PAID_PARTS)
    yield (
        "E3 Refund of 2000 of E1",
        [_refund("re_1", Parts(goods_minor=goods, shipping_minor=shipping, tax_minor=tax), **next(day))],
    )
    yield "E3b Its balance transaction", [_refunded("txn_3", -2000, **next(day))]
    back = reversed_to_date(864, goods, 4320)
    yield "E3a The share is taken back in proportion", [_reversal("1", "stripe:refund:re_1", back, **next(day))]
    payout: dict[str, Any] = {"bt_ref": "stripe:bt:txn_4", "source": "stripe:payout:po_1"}
    yield "E4 Stripe pays out its whole balance", [builders.stripe_payout(**payout, amount_minor=8006, **next(day))]
    yield "E4 The bank receives it", [_bank_line("1", 8006, **next(day))]
    yield "E5 A second sale like E1", [_sale("ch_3", "order:1043", **next(day))]
    yield "E5b Its balance transaction", [_charged("txn_5", "ch_3", 5186, **next(day))]
    yield "E5a Its share", [_accrual("4", "order:1043", DAHLIAS_HOPE, 864, **next(day))]
    dispute: dict[str, Any] = {"source": "stripe:dispute:dp_1", "disputed_minor": 5186}
    yield (
        "E6 E5 is disputed",
        [builders.dispute_opened(bt_ref="stripe:bt:txn_6", **dispute, fee_minor=1500, **next(day))],
    )
    share: dict[str, Any] = {"hold_ref": "hold:1", "source": "order:1043", "partner": DAHLIAS_HOPE}
    yield "E6a Its share is held", [builders.hold(**share, amount_minor=864, reason="dispute", **next(day))]
    owed = {DAHLIAS_HOPE: 2531, RESTORATION_HOUSE: 2000}
    for words, build in (
        ("E7 Both partners' payouts are approved", builders.payout_sent),
        ("E7 The bank debits them", builders.payout_settled),
    ):
        when = next(day)
        yield words, [build(**_payout(partner), amount_minor=amount, **when) for partner, amount in owed.items()]
    returned = builders.payout_returned(**_payout(RESTORATION_HOUSE), amount_minor=2000, **next(day))
    yield "E8 Restoration House KC's payment comes back", [returned]


def dispute_won() -> Iterator[Event]:
    """E9w: the money comes back, the fee does not."""
    when = _on(20)
    won = builders.dispute_won(bt_ref="stripe:bt:txn_7", source="stripe:dispute:dp_1", disputed_minor=5186, **when)
    share: dict[str, Any] = {"hold_ref": "hold:1", "source": "order:1043", "partner": DAHLIAS_HOPE}
    yield "E9w The dispute is won", [won, builders.release(**share, amount_minor=864, **when)]


def dispute_lost() -> Iterator[Event]:
    """E9l: no new balance transaction, because the money left at E6."""
    when = _on(20)
    parts = Parts(goods_minor=4320, shipping_minor=500, tax_minor=366)
    lost = builders.dispute_lost(dispute_ref="stripe:dispute:dp_1", source="stripe:dispute:dp_1", parts=parts, **when)
    yield "E9l The dispute is lost", [lost, _reversal("4", "stripe:dispute:dp_1", 864, held=True, **when)]


def rest_refunded() -> Iterator[Event]:
    """E10: what is left of E1 goes back; the partner was paid for it, so owes it."""
    when = _on(20)
    parts = Parts(goods_minor=2654, shipping_minor=307, tax_minor=225)
    back = reversed_to_date(864, 4320, 4320) - reversed_to_date(864, 1666, 4320)
    yield (
        "E10 The rest of E1 is refunded",
        [
            _refund("re_2", parts, **when),
            _refunded("txn_8", -3186, **when),
            _reversal("1", "stripe:refund:re_2", back, **when),
        ],
    )


def ledger_as_text(events: Sequence[Event]) -> str:
    """Every entry with its postings, under the event that made it, then the trial balance in its two columns."""
    words = {drafts[0].key: text for text, drafts in events}
    postings = Posting.objects.select_related("entry", "debit", "credit").order_by("entry_id", "ordinal")
    lines = []
    for entry, rows in groupby(postings, key=lambda posting: posting.entry):
        if entry.idempotency_key in words:
            lines += ["", words[entry.idempotency_key]]
        lines.append(f"  {entry.effective_date}  {entry.kind:<20} {entry.idempotency_key}")
        lines += [f"    {row.debit!s:<26} / {row.credit!s:<26} {row.amount_minor:>6}" for row in rows]
    return "\n".join([*lines, "", *_trial_balance()]).lstrip("\n") + "\n"


def _trial_balance() -> Iterator[str]:
    yield f"{'Trial balance':<62} {'Debit':>8} {'Credit':>8}"
    debits = credits = 0
    for line in trial_balance():
        debit, credit = max(line.balance_minor, 0), max(-line.balance_minor, 0)
        if debit or credit:
            account = f"{label(line.code, line.owner):<26} {CHART[line.purpose].name:<35}"
            yield f"{account} {debit or '':>8} {credit or '':>8}".rstrip()
        debits, credits = debits + debit, credits + credit
    yield f"{'':<62} {debits:>8} {credits:>8}"


def _days() -> Iterator[dict[str, Any]]:
    return (_on(day) for day in count(1))


def _on(day: int) -> dict[str, Any]:
    return {
        "event_at": datetime(2026, 10, day, 15, 0, tzinfo=UTC),
        "effective_on": date(2026, 10, day),
        "currency": "usd",
    }


def _sale(charge: str, order: str, **when: Any) -> EntryDraft:
    return builders.sale(charge_ref=f"stripe:charge:{charge}", source=order, **SOLD, **when)


def _charged(bt: str, charge: str, amount: int, **when: Any) -> EntryDraft:
    figures = {"category": "charge", "amount_minor": amount, "fee_minor": 180}
    return builders.balance_transaction(bt_ref=f"stripe:bt:{bt}", source=f"stripe:charge:{charge}", **figures, **when)


def _refunded(bt: str, amount: int, **when: Any) -> EntryDraft:
    figures = {"category": "refund", "amount_minor": amount, "fee_minor": 0}
    return builders.balance_transaction(bt_ref=f"stripe:bt:{bt}", source="stripe:charge:ch_1", **figures, **when)


def _refund(refund: str, parts: Parts, **when: Any) -> EntryDraft:
    return builders.refund(refund_ref=f"stripe:refund:{refund}", source="order:1042", parts=parts, **when)


def _accrual(allocation: str, source: str, partner: str, amount: int, **when: Any) -> EntryDraft:
    figures = {"partner": partner, "amount_minor": amount}
    return builders.accrual(allocation_ref=f"allocation:{allocation}", source=source, **figures, **when)


def _reversal(allocation: str, cause: str, amount: int, **rest: Any) -> EntryDraft:
    figures = {"partner": DAHLIAS_HOPE, "amount_minor": amount, "source": "order:1042"}
    return builders.reversal(allocation_ref=f"allocation:{allocation}", cause=cause, **figures, **rest)


def _bank_line(line: str, amount: int, **when: Any) -> EntryDraft:
    return builders.bank_line(line_ref=f"bank:line:{line}", source="bank:1", amount_minor=amount, **when)


def _payout(partner: str) -> dict[str, Any]:
    ref = f"payout:{partner.removeprefix('partner:')}"
    return {"payout_ref": ref, "source": ref, "partner": partner}
