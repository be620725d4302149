"""What each entry of a file of ACH returns means for our payouts, by its trace number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F

from partners.ach_returns import Returned
from partners.models import AchEntry, AchReturnRow, PayoutAttempt, PayoutHold
from partners.nacha import trace_number
from people.money import format_minor

SEQUENCES: Final = 10**7
Word = AchReturnRow.Verdict
_BACK: Final = (PayoutAttempt.State.FAILED, PayoutAttempt.State.VOIDED, PayoutAttempt.State.RETURNED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` says why an entry is refused, or what is known of it."""

    word: AchReturnRow.Verdict
    entry: AchEntry | None
    problem: str = ""


def verdicts(rows: Sequence[Returned]) -> list[Verdict]:
    """One for each row, in their order. Two queries."""
    entries = _entries({row.trace for row in rows})
    partners = {entry.paid_to.partner_id for entry in entries.values()}
    holds = PayoutHold.objects.filter(partner__in=partners, reason=PayoutHold.Reason.NOTICE)
    causes = frozenset(holds.values_list("cause", flat=True))
    seen: set[str] = set()
    found = []
    for row in rows:
        found.append(_verdict(row, entries.get(row.trace), causes, is_second=row.trace in seen))
        seen.add(row.trace)
    return found


def notice_ref(entry: AchEntry) -> str:
    """What the hold for a notice about an entry is named after: its payout, or the prenote itself."""
    return entry.attempt.payout.ref if entry.attempt else f"ach_entry:{entry.pk}"


def _verdict(row: Returned, entry: AchEntry | None, causes: Iterable[str], *, is_second: bool) -> Verdict:
    if entry is None:
        return Verdict(Word.REFUSED, None, "No entry of ours has this trace number.")
    if is_second:
        return Verdict(Word.REFUSED, entry, "This trace number stands in the file twice.")
    if entry.attempt is None:
        return _of_prenote(row, entry)
    if row.code[0] == "R":
        return _of_payout(row, entry, entry.attempt)
    if any(cause.startswith(f"{notice_ref(entry)}:{row.code}:") for cause in causes):
        return Verdict(Word.KNOWN, entry, f"{row.code} was recorded before.")
    return Verdict(Word.CHANGE, entry)


def _of_prenote(row: Returned, entry: AchEntry) -> Verdict:
    if row.amount_minor:
        return Verdict(Word.REFUSED, entry, "A prenote is of amount zero, and the file says another.")
    # That nothing had come back is no answer: one that comes late is still news.
    if entry.outcome is not None and entry.outcome.code:
        return Verdict(Word.KNOWN, entry, f"Noted before: {entry.outcome}.")
    return Verdict(Word.CHANGE if row.code[0] == "C" else Word.RETURNED, entry)


def _of_payout(row: Returned, entry: AchEntry, attempt: PayoutAttempt) -> Verdict:
    if row.amount_minor != attempt.amount_minor:
        currency = attempt.payout.currency
        ours, theirs = (format_minor(amount, currency) for amount in (attempt.amount_minor, row.amount_minor))
        return Verdict(Word.REFUSED, entry, f"We sent {ours}, and {theirs} is to have come back.")
    if attempt.state in _BACK:
        return Verdict(Word.KNOWN, entry, f"Recorded before as {attempt.failure_code or attempt.get_state_display()}.")
    return Verdict(Word.RETURNED, entry)


def _entries(traces: Iterable[str]) -> dict[str, AchEntry]:
    """Ours by the trace number that stood in the file; of two, ten million lines apart, the later one."""
    sequences = {int(trace[8:]) for trace in traces}
    rows = (
        AchEntry.objects.annotate(sequence=F("trace") % SEQUENCES)
        .filter(sequence__in=sequences)
        .select_related("file", "attempt__payout__partner", "paid_to__partner")
        .prefetch_related("outcomes")
        .order_by("trace")
    )
    return {trace_number(row.file.header["bank_routing"], row.trace % SEQUENCES): row for row in rows}
