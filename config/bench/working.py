"""What one worker makes of received events: each looked up at the local Stripe, booked, told, answered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from config.bench import givers, raw
from config.bench.content import Figures, one_row, require
from config.bench.databases import plain_connection
from config.bench.sizes import Sizes
from config.bench.timing import seconds
from config.demo.processes import Supervisor
from ledger.models import Entry, Posting
from payments.models import StripeEvent
from payments.operations.process_event import Outcome, process_next_event
from payments.operations.reconcile_events import reconcile_events
from people import clock


def measure(sizes: Sizes, folder: Path) -> Figures:
    """Events of gifts worked through by one process, to the same entries as plain rows, one commit each."""
    supervisor = Supervisor()
    fund = givers.a_fund()
    try:
        with givers.local_stripe(folder, webhook_url="http://127.0.0.1:9/", supervisor=supervisor) as door:
            given_minor = givers.give(door, fund, sizes.gifts)
            door.post("settle")
            now = clock.now()
            reconcile_events(since=now - timedelta(days=1), until=now + timedelta(minutes=5), repair=True)
            events = StripeEvent.objects.filter(state="received").count()
            ours_s = seconds(_work)
    finally:
        supervisor.stop()
    booked = one_row(
        "SELECT -sum(l.amount_minor) FROM leg l JOIN ledger_account a ON a.id = l.account_id WHERE a.code = '4010'"
    )
    require(booked == (given_minor,), f"{booked} was booked, and {given_minor} given")
    rows = _rows()
    with plain_connection() as plain:
        raw.make_tables(plain)
        plain_s = seconds(lambda: _insert_singly(plain, rows))
    return {
        "process_per_worker_ratio": plain_s / ours_s,
        "process_events_per_s": events / ours_s,
        "process_entries_per_s": len(rows) / ours_s,
    }


def _work() -> None:
    while process_next_event(now=clock.now()) is not Outcome.NOTHING_DUE:
        pass


def _insert_singly(plain: raw.Raw, rows: list[raw.Row]) -> None:
    for row in rows:
        raw.insert_arrays(plain, [row])


def _rows() -> list[raw.Row]:
    """The entries that were made, as plain rows."""
    postings: dict[int, list[tuple[int, int, int, str, int, object]]] = {}
    for posting in Posting.objects.order_by("entry_id", "ordinal").values_list(
        "entry_id", "ordinal", "debit_id", "credit_id", "currency", "amount_minor", "effective_date"
    ):
        postings.setdefault(posting[0], []).append(posting[1:])
    return [
        raw.Row(
            entry=(
                *(one.kind, one.source, one.idempotency_key, bytes(one.facts_hash), bytes(one.content_hash)),
                *(one.effective_date, one.event_at, one.actor, one.memo),
            ),
            postings=tuple(postings[one.pk]),  # type: ignore[arg-type]
        )
        for one in Entry.objects.order_by("pk")
    ]
