"""Books as plainly as they can be kept: dicts, whole numbers and fractions, nothing of Tassel's.

Each method is one event of rules/ledger.md section 5, written again from the rules; what it returns is what the rules
say the event comes to. The property model compares these dicts with the ledger after every step.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

PARTS = {"goods": "4540", "shipping": "4530", "tax": "2310", "gift": "4010/fund:f", "cover": "4015"}
LOST = {**PARTS, "goods": "4550"}


def naive_split(total: int, weights: list[int]) -> list[int]:
    """Largest remainder, one cent at a time: whoever lacks most of his exact share, the earlier on a tie."""
    exact = [Fraction(total * weight, sum(weights) or 1) for weight in weights]
    parts = [int(amount) for amount in exact]
    while sum(parts) < total:
        lack = [amount - part for amount, part in zip(exact, parts, strict=True)]
        parts[lack.index(max(lack))] += 1
    return parts


@dataclass
class Payment:
    """One charge: what was paid for each part, what went back of it, and the share that somebody was promised of it."""

    ref: str
    paid: dict[str, int]
    partner: str
    share: int
    agency: bool = False
    back: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    reversed: int = 0
    refunds: dict[str, dict[str, int]] = field(default_factory=dict)
    held: int = 0
    disputed: int = 0

    @property
    def charged(self) -> int:
        return sum(self.paid.values())

    @property
    def left(self) -> dict[str, int]:
        return {part: paid - self.back[part] for part, paid in self.paid.items()}

    @property
    def owed_on(self) -> str:
        return f"{'2130' if self.agency else '2110'}/{self.partner}"

    @property
    def held_on(self) -> str:
        return f"{'2135' if self.agency else '2115'}/{self.partner}"

    @property
    def taken_from(self) -> str:
        return "4010/fund:f" if self.agency else "5110"

    @property
    def basis(self) -> str:
        """The part that the share is a share of."""
        return "goods" if "goods" in self.paid else "gift"

    @property
    def basis_back(self) -> int:
        return self.back[self.basis]

    def reversal_at(self, back: int) -> int:
        """What is taken back of the share in all, once `back` of its basis went back; the partner keeps fractions."""
        return int(Fraction(self.share * back, self.paid[self.basis]))


class NaiveBooks:
    """Every balance, debit-positive, by (currency, account); and beside it what the outside world would say."""

    def __init__(self, today: date) -> None:
        self.event_day = today
        self.by_hand = False
        self.states: dict[int, str] = {}  # of months that are not open, by 202610
        self.by_day: dict[date, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
        self.balances: dict[tuple[str, str], int] = defaultdict(int)
        self.turnover: dict[str, int] = defaultdict(int)
        self.payments: dict[str, Payment] = {}
        self.pending: dict[str, tuple[str, str, int, int]] = {}  # balance transactions that the processor will tell of
        self.told: dict[str, int] = {}  # net of each balance transaction that it told of
        self.in_transit: dict[str, int] = {}
        self.bank = 0
        self.promised: dict[str, int] = defaultdict(int)  # by partner: shares less reversals, with top-ups and claims
        self.settled: dict[str, int] = defaultdict(int)  # by partner: paid less returned
        self.payouts: dict[str, dict[str, Any]] = {}

    def move(self, debit: str, credit: str, amount: int, currency: str = "usd") -> None:
        assert amount >= 0
        if not amount:
            return
        for balances in (self.balances, self.by_day[self.effective_day]):
            balances[currency, debit] += amount
            balances[currency, credit] -= amount
        self.turnover[currency] += amount

    @property
    def effective_day(self) -> date:
        """The day of the event, or the first one of the next month that takes it: by hand also one closed softly."""
        day = self.event_day
        closed = {"closed"} if self.by_hand else {"closed", "soft_closed"}
        while self.states.get(day.year * 100 + day.month) in closed:
            day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        return day

    def balances_on(self, last: date) -> dict[tuple[str, str], int]:
        """Every balance at the end of a day."""
        total: dict[tuple[str, str], int] = defaultdict(int)
        for day, moved in self.by_day.items():
            for account, amount in moved.items() if day <= last else ():
                total[account] += amount
        return total

    def move_signed(self, debit: str, credit: str, amount: int) -> None:
        self.move(*(debit, credit) if amount >= 0 else (credit, debit), abs(amount))

    # What buyers and donors pay

    def sale(self, ref: str, paid: dict[str, int], discount: int, partner: str, percent: int) -> Payment:
        self.move("1040", "4510", paid["goods"])
        self.move("4520", "4510", discount)
        self.move("1040", "4530", paid["shipping"])
        self.move("1040", "2310", paid["tax"])
        return self._promised(Payment(ref, paid, partner, self._share(paid["goods"], percent)))

    def gift(self, ref: str, paid: dict[str, int], partner: str, percent: int, agency: bool) -> Payment:
        self.move("1040", "4010/fund:f", paid["gift"])
        self.move("1040", "4015", paid["cover"])
        return self._promised(Payment(ref, paid, partner, self._share(paid["gift"], percent), agency))

    def _share(self, basis: int, percent: int) -> int:
        return int(Fraction(basis * percent, 100) + Fraction(1, 2))

    def _promised(self, payment: Payment) -> Payment:
        self.payments[payment.ref] = payment
        self.move(payment.taken_from, payment.owed_on, payment.share)
        self.promised[payment.partner] += payment.share
        return payment

    # What goes back

    def refund(self, payment: Payment, ref: str, amount: int) -> dict[str, int]:
        left = payment.left
        parts = dict(zip(left, naive_split(amount, list(left.values())), strict=True))
        for part, back in parts.items():
            self.move(PARTS[part], "1040", back)
            payment.back[part] += back
        payment.refunds[ref] = parts
        return parts

    def refund_failed(self, payment: Payment, ref: str) -> dict[str, int]:
        parts = payment.refunds.pop(ref)
        for part, back in parts.items():
            self.move("1040", PARTS[part], back)
            payment.back[part] -= back
        return parts

    def reverse(self, payment: Payment, *, held: bool = False) -> int:
        due = payment.reversal_at(payment.basis_back) - payment.reversed
        self.move_signed(payment.held_on if held else payment.owed_on, payment.taken_from, due)
        payment.reversed += due
        self.promised[payment.partner] -= due
        return due

    # Disputes

    def dispute_opened(self, payment: Payment, bt: str, amount: int, fee: int) -> int:
        self.move("1150", "1050", amount)
        self.move("6120", "1050", fee)
        self.told[bt] = -amount - fee
        payment.disputed = amount
        taken = min(amount, sum(payment.left.values()))
        parts = dict(zip(payment.left, naive_split(taken, list(payment.left.values())), strict=True))
        of_basis = parts[payment.basis]
        payment.held = payment.reversal_at(payment.basis_back + of_basis) - payment.reversed
        self.move(payment.owed_on, payment.held_on, payment.held)
        return payment.held

    def dispute_won(self, payment: Payment, bt: str) -> None:
        self.move("1050", "1150", payment.disputed)
        self.told[bt] = payment.disputed
        self.move(payment.held_on, payment.owed_on, payment.held)
        payment.disputed = payment.held = 0

    def dispute_lost(self, payment: Payment) -> tuple[dict[str, int], int]:
        left = payment.left
        taken = min(payment.disputed, sum(left.values()))
        parts = dict(zip(left, naive_split(taken, list(left.values())), strict=True))
        for part, back in parts.items():
            self.move(LOST[part], "1150", back)
            payment.back[part] += back
        surplus = payment.disputed - taken
        self.move("4550", "1150", surplus)
        payment.disputed = payment.held = 0
        return parts, surplus

    def dispute_recovered(self, payment: Payment, parts: dict[str, int], surplus: int) -> None:
        for part, back in parts.items():
            self.move("1150", LOST[part], back)
            payment.back[part] -= back
        self.move("1150", "4550", surplus)

    # The processor and the bank

    def balance_transaction(self, bt: str) -> tuple[str, str, int, int]:
        source, category, amount, fee = self.pending.pop(bt)
        other = {"charge": "1040", "refund": "1040", "refund_failure": "1040", "mystery": "1999"}[category]
        self.move_signed("1050", other, amount)
        self.move_signed("6110", "1050", fee)
        self.told[bt] = amount - fee
        return source, category, amount, fee

    def stripe_payout(self, bt: str) -> int:
        amount = sum(self.told.values())  # L7: all that was told and not paid out yet
        self.move_signed("1060", "1050", amount)
        self.told[bt] = -amount
        self.in_transit[bt] = amount
        return amount

    def stripe_payout_failed(self, payout: str, bt: str) -> int:
        amount = self.in_transit.pop(payout)
        self.move_signed("1050", "1060", amount)
        self.told[bt] = amount
        return amount

    def bank_line(self, payout: str) -> int:
        amount = self.in_transit.pop(payout)
        self.move_signed("1010", "1060", amount)
        self.bank += amount
        return amount

    # Partners

    def payout_sent(self, payout: str, partner: str, agency: bool) -> int:
        owed = f"{'2130' if agency else '2110'}/{partner}"
        amount = -self.balances["usd", owed]
        away = f"{'2140' if agency else '2120'}/{partner}"
        self.move(owed, away, amount)
        self.payouts[payout] = {"partner": partner, "owed": owed, "away": away, "amount": amount, "state": "sent"}
        return amount

    def payout_settled(self, payout: str) -> None:
        sent = self.payouts[payout]
        self.move(sent["away"], "1010", sent["amount"])
        self.bank -= sent["amount"]
        self.settled[sent["partner"]] += sent["amount"]
        sent["state"] = "settled"

    def payout_transferred(self, payout: str, bt: str) -> None:
        sent = self.payouts[payout]
        self.move(sent["away"], "1050", sent["amount"])
        self.told[bt] = -sent["amount"]
        self.settled[sent["partner"]] += sent["amount"]
        sent["state"] = "transferred"

    def payout_back(self, payout: str, state: str, bt: str = "") -> None:
        """It failed, its cheque was voided, the bank returned it, or its transfer was reversed: it is owed again."""
        sent = self.payouts[payout]
        source = {"settled": "1010", "transferred": "1050"}.get(sent["state"], sent["away"])
        self.move(source, sent["owed"], sent["amount"])
        if sent["state"] != "sent":
            self.settled[sent["partner"]] -= sent["amount"]
        if sent["state"] == "settled":
            self.bank += sent["amount"]
        if bt:
            self.told[bt] = sent["amount"]
        sent["state"] = state

    def top_up(self, partner: str, amount: int) -> None:
        self.move("5110", f"2110/{partner}", amount)
        self.promised[partner] += amount

    def claimed(self, partner: str, amount: int) -> None:
        self.move_signed(f"1170/{partner}", f"2110/{partner}", amount)
        self.promised[partner] += amount
