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
