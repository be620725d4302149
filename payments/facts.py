"""What the other packages hear of a payment, in plain words: the only shapes that leave `payments`.

Amounts are minor units of `currency`, times are aware UTC. `subject` is the text reference that was given when the
checkout was opened ("order:1042", "gift:7", "plan:3"). A `*_ref` names something at the processor and is kept, compared
and passed on, never taken apart. A fact is told at least once: operations answer a repetition with a named outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that is true about a subject of some kind: "order", "gift" or "plan"."""

    kind: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class CheckoutPaid(Fact):
    """A one-time payment succeeded. `total_minor` = subtotal + shipping + tax."""

    checkout_ref: str
    charge_ref: str
    currency: str
    total_minor: int
    subtotal_minor: int
    shipping_minor: int
    tax_minor: int
    paid_at: datetime
    email: str
    name: str
    shipping_address: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckoutAwaiting(Fact):
    """The buyer is done, the money is not here yet (a bank debit): nothing may be fulfilled."""

    checkout_ref: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CheckoutExpired(Fact):
    """A checkout ended unpaid. Compare `checkout_ref`: the subject may have another one open by now."""

    checkout_ref: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CheckoutFailed(Fact):
    """The awaited money will not come."""

    checkout_ref: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PlanStarted(Fact):
    """A monthly commitment was made; its first gift is a fact of its own and may be told earlier or later."""

    checkout_ref: str
    subscription_ref: str
    customer_ref: str
    email: str
    name: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class InvoicePaid(Fact):
    """A month of a plan was paid: `amount_minor` > 0 is what was taken. `next_at`: the processor's next date."""

    subscription_ref: str
    invoice_ref: str
    charge_ref: str
    currency: str
    amount_minor: int
    paid_at: datetime
    next_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class InvoiceFailed(Fact):
    """A month of a plan could not be taken, for the `attempt`-th time; None: the processor will not try again."""

    subscription_ref: str
    invoice_ref: str
    attempt: int
    next_attempt_at: datetime | None
    decline_code: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PlanChanged(Fact):
    """A plan as the processor has it now. `status` in its words: active, past_due, unpaid, paused, incomplete."""

    subscription_ref: str
    status: str
    cancel_at_period_end: bool
    next_at: datetime | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PlanEnded(Fact):
    """A plan takes no more money. `reason`: cancellation_requested, payment_failed, payment_disputed or empty."""

    subscription_ref: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Returned(Fact):
    """Something happened to money that goes back of the payment `charge_ref`; `cause_ref` is the refund or dispute.

    Facts about one payment are told together, all of them each time, in the order in which they happened, so that
    whoever splits them over parts gets the same parts whatever order their news came in (DESIGN.md section 4).
    """

    charge_ref: str
    cause_ref: str
    currency: str
    amount_minor: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RefundPending(Returned):
    """A refund left our balance and has not succeeded yet. `request_ref` is our own request; empty: not by us."""

    request_ref: str


@dataclass(frozen=True, kw_only=True)
class RefundMade(Returned):
    """A refund succeeded, or had left our balance before it failed. `request_ref` as in RefundPending."""

    request_ref: str


@dataclass(frozen=True, kw_only=True)
class RefundFailed(Returned):
    """A refund came back, perhaps weeks after it succeeded, or will never leave. `request_ref` as in RefundPending."""

    request_ref: str


@dataclass(frozen=True, kw_only=True)
class RefundRefused(Fact):
    """The processor will not make the refund that `request_ref` asked for; `code` is its word for why."""

    request_ref: str
    code: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(Returned):
    """The payer's bank took `amount_minor` back. Inquiries take nothing and are no fact. `reason`: the bank's word."""

    reason: str
    answer_by: datetime | None


@dataclass(frozen=True, kw_only=True)
class DisputeWon(Returned):
    """The bank gave `amount_minor` back to us."""


@dataclass(frozen=True, kw_only=True)
class DisputeLost(Returned):
    """What the bank took stays away."""


@dataclass(frozen=True, kw_only=True)
class Booked(Fact):
    """Money that we sent on moved at the processor, and its balance transaction `bt_ref` waits for its entry.

    Whoever hears it posts that entry under exactly the key `bt_ref` (`builders.transfer`, `builders.transfer_reversed`
    with `event_at=at`), because only they know for whom the money is; payments then links its row to the entry. Until
    somebody has, the row is an exception. `kind` and `subject` are those of the TransferRequest.
    """

    transfer_ref: str
    bt_ref: str
    currency: str
    amount_minor: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TransferMade(Booked):
    """A transfer that we asked for left the processor's balance for the connected account: 2120x/1050."""


@dataclass(frozen=True, kw_only=True)
class TransferReversed(Booked):
    """`amount_minor` of such a transfer, all or part of it, is back in the processor's balance: 1050/2110x."""

    reversal_ref: str


@dataclass(frozen=True, kw_only=True)
class TransferRefused(Fact):
    """The processor will never make the transfer of this `attempt_key`: nothing moved; `code` is its word for why.

    A new try is a new attempt with a key of its own.
    """

    attempt_key: str
    code: str


@dataclass(frozen=True, kw_only=True)
class AccountChanged(Fact):
    """A connected account that we asked for, as it stands now: told at every look, changed or not.

    `account_id` is where transfers go; `bank_mark` is the same as long as its bank account is, of which `bank_last4`
    are the last digits; both empty while there is none, or none that we may see.
    """

    account_id: str
    takes_transfers: bool
    is_closed: bool
    bank_last4: str
    bank_mark: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AccountRefused(Fact):
    """The processor will not make the account; `code` is its word for why."""

    code: str
