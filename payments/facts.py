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
