"""The chart of accounts: every purpose that a posting may name, with its code (rules/ledger.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    """Where an account stands: a balance is debit-positive, so liabilities and income are negative numbers."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


class Owners(StrEnum):
    """Whether the accounts of a purpose belong to somebody (`partner:7`, `fund:seed-collective`, `bank:1`)."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Chart:
    """One line of the chart. Its account for each owner and currency is made when a posting first names it."""

    code: str
    purpose: str
    name: str
    type: Type
    owners: Owners = Owners.NONE
    functional_class: str = ""


_LINES: Final = (
    Chart("1010", "bank", "Bank", Type.ASSET, Owners.OPTIONAL),
    Chart("1040", "clearing", "Processor clearing", Type.ASSET),
    Chart("1050", "stripe_balance", "Stripe balance", Type.ASSET),
    Chart("1060", "in_transit", "Cash in transit", Type.ASSET),
    Chart("1999", "suspense", "Suspense", Type.ASSET),
    Chart("2110", "payable", "Partner payable", Type.LIABILITY, Owners.REQUIRED),
    Chart("2115", "held", "Partner held", Type.LIABILITY, Owners.REQUIRED),
    Chart("2120", "payout_in_flight", "Payout in flight", Type.LIABILITY, Owners.REQUIRED),
    Chart("2130", "agent_held", "Held for a partner as agent", Type.LIABILITY, Owners.REQUIRED),
    Chart("2310", "tax_payable", "Sales tax payable", Type.LIABILITY),
    Chart("2410", "deposits", "Customer deposits", Type.LIABILITY),
    Chart("4010", "contributions", "Contributions", Type.INCOME, Owners.OPTIONAL),
    Chart("4015", "cover", "Contributions: fees covered by donor", Type.INCOME, Owners.OPTIONAL),
    Chart("4510", "sales", "Sales", Type.INCOME),
    Chart("4520", "discounts", "Discounts", Type.INCOME),
    Chart("4530", "shipping_income", "Shipping income", Type.INCOME),
    Chart("4540", "sales_refunds", "Sales refunds", Type.INCOME),
    Chart("4550", "chargebacks", "Chargeback losses", Type.INCOME),
    Chart("5110", "allocations", "Partner allocations (grants)", Type.EXPENSE, functional_class="program"),
    Chart("6110", "processing_fees", "Processing fees", Type.EXPENSE),
    Chart("6120", "dispute_fees", "Dispute fees", Type.EXPENSE),
    Chart("6190", "write_off", "Rounding and write-off", Type.EXPENSE),
    Chart("7900", "fx", "Foreign exchange gain and loss", Type.INCOME),
)
CHART: Final[dict[str, Chart]] = {line.purpose: line for line in _LINES}


class UnknownAccount(ValueError):
    """A posting names a purpose that is not in the chart, or an owner that does not fit it."""


def chart_line(purpose: str, owner: str = "") -> Chart:
    """The chart's line for a purpose; raises UnknownAccount when it is missing or the owner does not fit it."""
    line = CHART.get(purpose)
    if line is None:
        raise UnknownAccount(f"the chart has no account for {purpose!r}")
    if line.owners is Owners.REQUIRED and not owner:
        raise UnknownAccount(f"{line.code} {line.name} must name its owner")
    if line.owners is Owners.NONE and owner:
        raise UnknownAccount(f"{line.code} {line.name} has no owner, so not {owner!r}")
    return line


def label(code: str, owner: str) -> str:
    """How an account is written in hashes, exports and findings: "1040", "2110/partner:1"."""
    return f"{code}/{owner}" if owner else code
