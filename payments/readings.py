"""What a look at one of the processor's objects gave: facts for others, and what our own rows should say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from payments.facts import Fact


@dataclass(frozen=True, kw_only=True)
class BalanceTransactionSeen:
    """A line of the processor's own account of our money; amounts signed, in minor units; net = amount - fee."""

    bt_id: str
    source_id: str
    type: str
    category: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    created_at: datetime
    available_at: datetime
    balance_type: str = "payments"
    exchange_rate: Decimal | None = None

    @property
    def ref(self) -> str:
        return bt_ref(self.bt_id)


@dataclass(frozen=True, kw_only=True)
class PayoutSeen:
    """A payout; `contents` are the ids of its balance transactions, its own among them, once their list is complete."""

    payout_id: str
    amount_minor: int
    currency: str
    status: str
    method: str
    automatic: bool
    reconciliation_status: str
    created_at: datetime
    arrival_on: date
    trace_id: str
    bt_id: str
    failure_bt_id: str
    failure_code: str
    original_payout_id: str
    reversed_by_id: str
    contents: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ChargeSeen:
    """A charge; `balance_transaction` is None while the processor has not settled it (asynchronous capture)."""

    charge_id: str
    status: str
    amount_minor: int
    currency: str
    created_at: datetime
    payment_intent_id: str
    customer_id: str
    kind: str
    subject: str
    method: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None
    decline_code: str
    balance_transaction: BalanceTransactionSeen | None

    @property
    def ref(self) -> str:
        return charge_ref(self.charge_id)


@dataclass(frozen=True, kw_only=True)
class CheckoutSeen:
    """A checkout session of ours; `url` is empty unless it is open."""

    session_id: str
    kind: str
    subject: str
    mode: str
    currency: str
    state: str
    payment_status: str
    failed: bool
    url: str
    created_at: datetime
    expires_at: datetime
    charge_id: str
    subscription_id: str


@dataclass(frozen=True, kw_only=True)
class RefundSeen:
    """A refund; `taken_at` and `returned_at` are the times of its balance transactions, None while there is none."""

    refund_id: str
    status: str
    amount_minor: int
    currency: str
    request_ref: str
    failure_reason: str
    created_at: datetime
    taken_at: datetime | None
    returned_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class DisputeSeen:
    """A dispute, with what its balance transactions took and gave back; `lost_at` is None unless it is lost."""

    dispute_id: str
    status: str
    reason: str
    amount_minor: int
    currency: str
    created_at: datetime
    answer_by: datetime | None
    withdrawn_minor: int
    withdrawn_at: datetime | None
    reinstated_minor: int
    reinstated_at: datetime | None
    lost_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ReturnsSeen:
    """Everything that goes, went or may go back of one charge, in one look."""

    refunds: tuple[RefundSeen, ...]
    disputes: tuple[DisputeSeen, ...]


@dataclass(frozen=True, kw_only=True)
class ReversalSeen:
    """A part of a transfer that was taken back; `booked_at` is None while Stripe has not booked it."""

    reversal_id: str
    amount_minor: int
    currency: str
    created_at: datetime
    bt_id: str
    booked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class TransferSeen:
    """A transfer to a connected account; `kind`, `subject` and `attempt_key` are what its metadata claims."""

    transfer_id: str
    destination_id: str
    group: str
    amount_minor: int
    currency: str
    created_at: datetime
    bt_id: str
    booked_at: datetime | None
    kind: str
    subject: str
    attempt_key: str
    reversals: tuple[ReversalSeen, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AccountSeen:
    """A connected account; `attempt_key` is what its metadata claims, `wanted` what Stripe still wants to know."""

    account_id: str
    seen_at: datetime
    is_closed: bool = False
    takes_transfers: bool = False
    charges_enabled: bool = False
    payouts_enabled: bool = False
    wanted: tuple[str, ...] = ()
    disabled_reason: str = ""
    bank_last4: str = ""
    bank_mark: str = ""
    attempt_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One look. `nothing` says in words why there is no fact, when there is none and none of our rows is touched.

    `returns` are those of `charge`; the facts about them follow from our own rows (`record_returns`), as do those about
    `transfer` (`record_transfer`) and `account` (`record_account`).
    """

    facts: tuple[Fact, ...] = ()
    checkout: CheckoutSeen | None = None
    charge: ChargeSeen | None = None
    balance_transactions: tuple[BalanceTransactionSeen, ...] = ()
    payout: PayoutSeen | None = None
    returns: ReturnsSeen | None = None
    transfer: TransferSeen | None = None
    account: AccountSeen | None = None
    nothing: str = ""


def charge_ref(charge_id: str) -> str:
    """The word by which everybody else knows a charge: "stripe:charge:ch_1"."""
    return f"stripe:charge:{charge_id}"


_NAMES = {
    "ch": "charge",
    "py": "charge",
    "re": "refund",
    "pyr": "refund",
    "dp": "dispute",
    "du": "dispute",
    "po": "payout",
    "tr": "transfer",
    "trr": "transfer_reversal",
    "tu": "topup",
}


def object_ref(stripe_id: str) -> str:
    """The word by which everybody knows an object of Stripe's: "stripe:refund:re_1"; empty for what has none."""
    name = _NAMES.get(stripe_id.partition("_")[0])
    return f"stripe:{name}:{stripe_id}" if name else ""


def source_ref(seen: BalanceTransactionSeen) -> str:
    """What a balance transaction is about, in the same words whoever tells of it: "stripe:refund:re_1", or itself."""
    return object_ref(seen.source_id) or seen.ref


def is_of_dispute(seen: BalanceTransactionSeen) -> bool:
    """Whether it is about a dispute, as the fee for contesting one is, in a row of its own."""
    return seen.source_id.startswith(("dp_", "du_"))


def refund_ref(refund_id: str) -> str:
    """The word by which everybody else knows a refund, and the key of its entry: "stripe:refund:re_1"."""
    return f"stripe:refund:{refund_id}"


def dispute_ref(dispute_id: str) -> str:
    """The word by which everybody else knows a dispute: "stripe:dispute:dp_1"."""
    return f"stripe:dispute:{dispute_id}"


def transfer_ref(transfer_id: str) -> str:
    """The word by which everybody else knows a transfer: "stripe:transfer:tr_1"."""
    return f"stripe:transfer:{transfer_id}"


def reversal_ref(reversal_id: str) -> str:
    """The word by which everybody else knows what was taken back of one: "stripe:transfer_reversal:trr_1"."""
    return f"stripe:transfer_reversal:{reversal_id}"


def bt_ref(bt_id: str) -> str:
    """The key of a balance transaction's entry: "stripe:bt:txn_1"."""
    return f"stripe:bt:{bt_id}"
