"""What an operation of this package did, in a word; a second call is a normal outcome."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    RECORDED = "recorded"
    ALREADY_RECORDED = "already_recorded"
    MISMATCH = "mismatch"
    NOTHING_PAID = "nothing_paid"
    STARTED = "started"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    RETRYING = "retrying"
    LAPSED = "lapsed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ALREADY_STOPPED = "already_stopped"
    EXPIRED = "expired"
    FAILED = "failed"
    NOT_LIVING = "not_living"
    OVERTAKEN = "overtaken"
    ASKED = "asked"
    REFUSED = "refused"
    PENDING = "pending"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    ALREADY_KNOWN = "already_known"
