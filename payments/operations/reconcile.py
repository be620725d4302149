"""Whatever Stripe knows and we do not is named, and when asked to, applied (rules/reliability.md rows 6, 7 and 92).

Events may be lost, never made or older than Stripe keeps them; objects stay. So the objects are listed and each is
looked at and applied just as its event would. A report applies them too, one by one, and takes each back: what would
change is then not guessed but seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from payments import gateway
from payments.gateway import StripeRefused, StripeUnavailable
from payments.operations.follow_object import follow_object
from payments.readers import (
    charge_of_dispute,
    charge_of_refund,
    read_charge,
    read_checkout,
    read_invoice,
    read_payout,
    read_returns,
    read_subscription,
    read_transfer,
)
from payments.registry import About, Reader

log = structlog.get_logger(__name__)

NOT_LISTED: Final = "not listed"

# In the order of a payment's life, so that what comes later finds what it stands on.
READERS: Mapping[str, Reader] = {
    "checkout.session": read_checkout,
    "subscription": read_subscription,
    "invoice": read_invoice,
    "charge": read_charge,
    "refund": read_returns,
    "dispute": read_returns,
    "transfer": read_transfer,
    "payout": read_payout,
}
# What is looked at with its charge, because what goes back of one is applied in one order.
ABOUT: Mapping[str, About] = {"refund": charge_of_refund, "dispute": charge_of_dispute}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An object of which something was not known here. `changed` counts the rows by table that it adds or changes.

    `trouble` is a fixed word where it could not be applied: "refused", "unavailable" or the error's name. Without an
    `object_id` it stands for all of the kind: Stripe could not list them.
    """

    kind: str
    object_id: str
    outcomes: tuple[str, ...] = ()
    changed: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """How many objects were looked at, by kind, and what was found."""

    looked_at: Mapping[str, int]
    findings: tuple[Finding, ...]


def reconcile(
    *,
    since: datetime,
    until: datetime,
    repair: bool,
    now: datetime,
    progress: Callable[[str, int], None] = lambda kind, number: None,
) -> Report:
    """Look at all objects that Stripe made between `since` and `until`, and name what was not known here.

    With `repair` it is applied; else everything stays as it is. Safe to run twice, and beside live traffic: a look is
    applied by the same operations under the same locks as an event's. What cannot be applied is a finding of its own
    and stops no other; so is a kind that Stripe cannot list. `progress` is told each kind and its running number. Never
    inside a transaction (RuntimeError).
    """
    looked_at: dict[str, int] = {}
    findings: list[Finding] = []
    for kind in READERS:
        looked_at[kind] = 0
        try:
            for object_id, _ in gateway.client().created(kind, since=since, until=until):
                looked_at[kind] += 1
                progress(kind, looked_at[kind])
                findings += look(kind, object_id, repair=repair, now=now)
        except StripeUnavailable:
            findings.append(Finding(kind=kind, object_id="", trouble=NOT_LISTED))
    log.info("reconciled", repair=repair, looked_at=looked_at, findings=len(findings))
    return Report(looked_at=looked_at, findings=tuple(findings))


def look(kind: str, object_id: str, *, repair: bool, now: datetime) -> Iterator[Finding]:
    """What was not known of one object, as `reconcile` has it: one finding or none."""
    try:
        about = ABOUT[kind](object_id) if kind in ABOUT else object_id
        followed = follow_object(reader=READERS[kind], object_id=about, at=now, now=now, keep=repair, count=True)
    except StripeUnavailable:
        yield Finding(kind=kind, object_id=object_id, trouble="unavailable")
    except StripeRefused as error:
        yield Finding(kind=kind, object_id=object_id, trouble=f"refused {error.code}".strip())
    except Exception as error:
        log.exception("reconcile_failed", kind=kind, object_id=object_id)
        yield Finding(kind=kind, object_id=object_id, trouble=type(error).__name__)
    else:
        if followed.changed:
            yield Finding(kind=kind, object_id=object_id, outcomes=followed.outcomes, changed=followed.changed)
