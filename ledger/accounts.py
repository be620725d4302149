"""The chart of accounts: every purpose that a posting may name, with its code (rules/ledger.md sections 5 and 8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    """Where an account stands: a balance is debit-positive, so liabilities, net assets and income are negative."""

    ASSET = "asset"
    LIABILITY = "liability"
    NET_ASSETS = "net_assets"
    INCOME = "income"
    EXPENSE = "expense"


class Owners(StrEnum):
    """Whether the accounts of a purpose belong to somebody (`partner:7`, `fund:seed-collective`, `bank:1`)."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Function(StrEnum):
    """What an expense is for, in the statement of functional expenses. POLICY: the accountant confirms it."""

    NONE = ""
    PROGRAM = "program"
    MANAGEMENT = "management"
    FUNDRAISING = "fundraising"
    COST_OF_SALES = "cost_of_sales"
    BY_SOURCE = "by_source"  # as what was charged: fundraising for a gift, cost of sales for goods


@dataclass(frozen=True, slots=True)
class Chart:
    """One line of the chart. Its account for each owner and currency is made when a posting first names it.

    The code of an account in the books stays: one that changes here is refused by the poster (`CodeChanged`), so a line
    that needs another code becomes another purpose. `restriction` is what those accounts begin with
    (ledger.models.Account.Restriction); a restricted fund's are opened by `operations.open_account`. `form_990` is the
    part and line of the return that the line goes to, `ucoa` the Unified Chart of Accounts 3 code where one
    corresponds; both are empty where the accountant has to decide.
    """

    code: str
    purpose: str
    name: str
    type: Type
    owners: Owners = Owners.NONE
    functional_class: Function = Function.NONE
    restriction: str = "without"
    form_990: str = ""
    ucoa: str = ""

    def account_name(self, owner: str) -> str:
        """What the account of an owner is called: "Partner payable: partner:1"."""
        return f"{self.name}: {owner}" if owner else self.name


_ASSET, _LIABILITY, _NET, _INCOME, _EXPENSE = Type
_PER_OWNER, _MAYBE = Owners.REQUIRED, Owners.OPTIONAL
_, _PROGRAM, _MANAGEMENT, _FUNDRAISING, _COST, _BY_SOURCE = Function

_LINES: Final = (
    # What we have
    Chart("1010", "bank", "Bank", _ASSET, _MAYBE, form_990="X 1", ucoa="1010"),
    Chart("1040", "clearing", "Processor clearing", _ASSET, form_990="X 4", ucoa="1110"),
    Chart("1050", "stripe_balance", "Stripe balance", _ASSET, form_990="X 1"),
    Chart("1055", "stripe_reserve", "Stripe reserve", _ASSET, form_990="X 1"),
    Chart("1060", "in_transit", "Cash in transit", _ASSET, form_990="X 1"),
    Chart("1150", "disputes", "Disputes receivable", _ASSET, form_990="X 4", ucoa="1110"),
    Chart("1170", "partner_receivable", "Receivable from a partner", _ASSET, _PER_OWNER, form_990="X 4", ucoa="1110"),
    Chart("1410", "inventory", "Inventory for sale", _ASSET, form_990="X 8", ucoa="1410"),
    Chart("1999", "suspense", "Suspense", _ASSET),
    # What we owe
    Chart("2110", "payable", "Partner payable", _LIABILITY, _PER_OWNER, form_990="X 18", ucoa="2020"),
    Chart("2115", "held", "Partner held", _LIABILITY, _PER_OWNER, form_990="X 18", ucoa="2020"),
    Chart("2120", "payout_in_flight", "Payout in flight", _LIABILITY, _PER_OWNER, form_990="X 18", ucoa="2020"),
    # Donors' own money, which is never netted with our grants on its way either.
    Chart("2130", "agent_held", "Held for a partner as agent", _LIABILITY, _PER_OWNER, form_990="X 21"),
    Chart("2135", "agent_set_aside", "Agency money set aside", _LIABILITY, _PER_OWNER, form_990="X 21"),
    Chart("2140", "agent_in_flight", "Agency payout in flight", _LIABILITY, _PER_OWNER, form_990="X 21"),
    Chart("2310", "tax_payable", "Sales tax payable", _LIABILITY, form_990="X 17", ucoa="2140"),
    Chart("2410", "deposits", "Customer deposits", _LIABILITY, form_990="X 19", ucoa="2410"),
    Chart("2420", "gift_cards", "Gift cards not yet used", _LIABILITY, form_990="X 19", ucoa="2410"),
    # What is ours
    Chart("3010", "net_assets", "Net assets: unrestricted", _NET, form_990="X 27"),
    Chart("3020", "restricted", "Net assets: restricted", _NET, _MAYBE, restriction="purpose", form_990="X 28"),
    Chart("T", "trading", "Currency trading", _NET),
    # What comes in
    Chart("4010", "contributions", "Contributions", _INCOME, _MAYBE, form_990="VIII 1f"),
    Chart("4015", "cover", "Contributions: fees covered by donor", _INCOME, _MAYBE, form_990="VIII 1f"),
    Chart("4090", "prior_year_refunds", "Refunds of earlier years' gifts", _INCOME, _MAYBE, form_990="XI 9"),
    Chart("4510", "sales", "Sales", _INCOME, form_990="VIII 10a"),
    Chart("4520", "discounts", "Discounts", _INCOME, form_990="VIII 10a"),
    Chart("4530", "shipping_income", "Shipping income", _INCOME, form_990="VIII 10a"),
    Chart("4540", "sales_refunds", "Sales refunds", _INCOME, form_990="VIII 10a"),
    Chart("4550", "chargebacks", "Chargeback losses", _INCOME, form_990="VIII 10a"),
    Chart("4560", "gift_card_breakage", "Gift cards never used", _INCOME, form_990="VIII 11"),
    Chart("4910", "released_with", "Released from restrictions: with", _INCOME, _MAYBE, restriction="purpose"),
    Chart("4920", "released_without", "Released from restrictions: without", _INCOME, _MAYBE),
    Chart("7100", "interest", "Bank interest", _INCOME, form_990="VIII 3"),
    Chart("7900", "fx", "Foreign exchange gain and loss", _INCOME, form_990="VIII 11"),
    # What it costs
    Chart("5010", "cost_of_goods", "Cost of goods sold", _EXPENSE, functional_class=_COST, form_990="VIII 10b"),
    Chart("5110", "allocations", "Partner allocations (grants)", _EXPENSE, functional_class=_PROGRAM, form_990="IX 1"),
    Chart("5190", "prior_year_reversals", "Earlier years' grants taken back", _EXPENSE, form_990="XI 9"),
    Chart("6110", "processing_fees", "Processing fees", _EXPENSE, functional_class=_BY_SOURCE, form_990="IX 24"),
    Chart("6120", "dispute_fees", "Dispute fees", _EXPENSE, functional_class=_BY_SOURCE, form_990="IX 24"),
    Chart("6130", "bank_fees", "Bank fees", _EXPENSE, functional_class=_MANAGEMENT, form_990="IX 24"),
    Chart("6190", "write_off", "Rounding and write-off", _EXPENSE, functional_class=_MANAGEMENT, form_990="IX 24"),
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
