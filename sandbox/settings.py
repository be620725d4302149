"""What an account owner decides at Stripe: fees, settlement, dunning."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

API_VERSION = "2026-10-28.endive"
DAY_S = 86_400
HOUR_S = 3_600
DUNNING_ENDS = ("cancel", "unpaid", "past_due", "pause")
PAYOUT_SCHEDULES = ("manual", "daily")


@dataclass(frozen=True)
class Settings:
    """Amounts in minor units, rates in basis points, times in seconds of the sandbox's clock.

    `dunning_days` count from the first failed attempt; `dunning_end` is what the last failure does to the subscription:
    `cancel`, `unpaid`, `past_due` or `pause`. `refund_decides_after_s` is when the test cards for refunds make up their
    mind.
    With `refunds_overdraw` a refund may take the balance below zero; without it the refund waits for funds.
    `payout_schedule` is `manual` or `daily` (each weekday at midnight UTC); the list of what an automatic payout
    is made of is complete `payout_reconciled_after_s` later.
    `bank_debits` offers US bank accounts at checkouts in dollars; a debit is pending for
    `debit_decides_after_s`.
    `dispute_fee_minor` is taken with the disputed amount, `dispute_countered_fee_minor` for contesting it.
    `tax_rates` are those of automatic tax by state: {"MO": {"percent": "8.475", "shipping": true}}.
    Defaults: rules/stripe.md 4 and 5.
    """

    fee_basis_points: int = 290
    fee_fixed_minor: int = 30
    bank_debits: bool = True
    debit_fee_basis_points: int = 80
    debit_fee_minor_max: int = 500
    debit_decides_after_s: int = 4 * DAY_S
    settle_delay_s: int = 1
    available_after_s: int = 2 * DAY_S
    payout_schedule: str = "manual"
    payout_reconciled_after_s: int = HOUR_S
    refund_decides_after_s: int = HOUR_S
    dispute_fee_minor: int = 1_500
    dispute_countered_fee_minor: int = 1_500
    dispute_due_after_s: int = 14 * DAY_S
    dispute_decides_after_s: int = HOUR_S
    refunds_overdraw: bool = True
    finalize_after_s: int = HOUR_S
    dunning_days: tuple[int, ...] = (1, 3, 5, 7)
    dunning_end: str = "cancel"
    upcoming_before_s: int = 7 * DAY_S
    events_kept_s: int = 30 * DAY_S
    tax_rates: dict[str, dict[str, Any]] = field(default_factory=dict)
    account_name: str = "Tassel sandbox"
    account_country: str = "US"

    def __post_init__(self) -> None:
        if self.dunning_end not in DUNNING_ENDS:
            raise ValueError(f"dunning_end must be one of {', '.join(DUNNING_ENDS)}.")
        if self.payout_schedule not in PAYOUT_SCHEDULES:
            raise ValueError(f"payout_schedule must be one of {', '.join(PAYOUT_SCHEDULES)}.")
        if any(day <= earlier for earlier, day in pairwise((0, *self.dunning_days))):
            raise ValueError("dunning_days must be days after the first failure, each later than the one before.")

        for state, rate in self.tax_rates.items():
            if not _is_tax_rate(state, rate):
                raise ValueError('tax_rates must be like {"MO": {"percent": "8.475", "shipping": true}}.')

    def changed(self, given: dict[str, Any]) -> Settings:
        """These settings with some replaced; ValueError names what is unknown or of a wrong type."""
        for name, value in given.items():
            if name not in self.to_json():
                raise ValueError(f"Unknown setting: {name}. Known: {', '.join(self.to_json())}.")
            if not _is_like(value, self.to_json()[name]):
                raise ValueError(f"{name} must be like {self.to_json()[name]!r}.")
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        """Every setting by name; `changed` takes it back."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    def debit_fee_minor(self, amount_minor: int) -> int:
        """Stripe's fee on a bank debit, half up to the cent and never above its ceiling."""
        return min((amount_minor * self.debit_fee_basis_points + 5_000) // 10_000, self.debit_fee_minor_max)

    def fee_minor(self, amount_minor: int) -> int:
        """Stripe's fee on a charge, half up to the cent: 4200 -> 152."""
        return (amount_minor * self.fee_basis_points + 5_000) // 10_000 + self.fee_fixed_minor


def _is_tax_rate(state: str, rate: Any) -> bool:
    """Whether a state's rate is a percentage in decimal text, with a word on whether shipping is taxed too."""
    return (
        re.fullmatch(r"[A-Z]{2}", state) is not None
        and isinstance(rate, dict)
        and rate.keys() == {"percent", "shipping"}
        and isinstance(rate["shipping"], bool)
        and isinstance(rate["percent"], str)
        and re.fullmatch(r"\d{1,2}(\.\d{1,4})?", rate["percent"], re.ASCII) is not None
    )


def _is_like(value: Any, present: Any) -> bool:
    """Whether a value from JSON is of the type of the present one; figures are never negative."""
    if type(value) is not type(present):
        return False
    if isinstance(value, list):
        return all(_is_like(entry, 0) for entry in value)
    return not isinstance(value, int) or value >= 0
