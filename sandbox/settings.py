"""What an account owner decides at Stripe: fees, settlement, dunning."""

from __future__ import annotations

from dataclasses import dataclass

API_VERSION = "2026-10-28.endive"
DAY_S = 86_400
HOUR_S = 3_600


@dataclass(frozen=True)
class Settings:
    """Amounts in minor units, rates in basis points, times in seconds of the sandbox's clock.

    `dunning_days` count from the first failed attempt; `dunning_end` is what the last failure does to the subscription:
    `cancel`, `unpaid` or `past_due`. Defaults: rules/stripe.md 4 and 5.
    """

    fee_basis_points: int = 290
    fee_fixed_minor: int = 30
    settle_delay_s: int = 1
    available_after_s: int = 2 * DAY_S
    finalize_after_s: int = HOUR_S
    dunning_days: tuple[int, ...] = (1, 3, 5, 7)
    dunning_end: str = "cancel"
    upcoming_before_s: int = 7 * DAY_S
    events_kept_s: int = 30 * DAY_S
    account_name: str = "Tassel sandbox"
    account_country: str = "US"

    def fee_minor(self, amount_minor: int) -> int:
        """Stripe's fee on a charge, half up to the cent: 4200 -> 152."""
        return (amount_minor * self.fee_basis_points + 5_000) // 10_000 + self.fee_fixed_minor
