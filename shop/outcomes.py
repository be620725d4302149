"""What an operation of the shop found or did, by name."""

from enum import StrEnum


class Outcome(StrEnum):
    PAID = "paid"
    ALREADY_PAID = "already_paid"
    REFUND_DUE = "refund_due"
    MISMATCH = "mismatch"
    SECOND_CHARGE = "second_charge"
    AWAITING = "awaiting"
    ALREADY_AWAITING = "already_awaiting"
    RELEASED = "released"
    ALREADY_CLOSED = "already_closed"
    WAITS = "waits"
    ASKED = "asked"
    ALREADY_ASKED = "already_asked"
    REFUSED = "refused"
    PENDING = "pending"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    ALREADY_KNOWN = "already_known"
