"""Posting and sealing, against the same rows in plain tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from statistics import median

from django.db import transaction

from config.bench import raw, shop
from config.bench.content import Figures, bytes_per_posting, one_row, require, require_books
from config.bench.databases import plain_connection
from config.bench.sizes import BATCH, Sizes
from config.bench.timing import in_turns, per_second, ratio
from ledger.drafts import EntryDraft
from ledger.models import Account
from ledger.operations.post_entry import Outcome, post_entries, post_entry
from ledger.operations.seal_entries import seal_all


def measure(sizes: Sizes) -> Figures:
    """What posting and sealing cost; in an empty database."""
    known = post_in_batches(shop.sales_on(shop.TODAY, shop.PARTNERS, 0))  # names every account once
    accounts = {(purpose, owner): pk for pk, purpose, owner in Account.objects.values_list("pk", "purpose", "owner")}
    with plain_connection() as plain:
        raw.make_tables(plain)
        many = _many(sizes, plain, accounts)
        single = _single(sizes, plain, accounts)
        entries = (sizes.many + sizes.single) * (sizes.turns + 1)
        _require_same(plain, entries, known)
    return many | single | {"bytes_per_posting_one_day": bytes_per_posting()}


def measure_spread(sizes: Sizes) -> Figures:
    """The bytes of entries that come in no order of days, as the first import brings them; in an empty database."""
    posted = post_in_batches(shop.sales_mixed(90, sizes.spread, 0))
    require_books(posted, shop.POSTINGS)
    return {"bytes_per_posting_90_days": bytes_per_posting()}


def post_in_batches(drafts: Iterable[EntryDraft]) -> int:
    """Post drafts as an importer does, BATCH of them in each commit; how many entries."""
    left, number = iter(drafts), 0
    while batch := list(islice(left, BATCH)):
        with transaction.atomic():
            posted = post_entries(batch, now=shop.NOW)
        require(all(one.outcome is Outcome.POSTED for one in posted), "an entry was in the books already")
        number += len(posted)
    return number


def _many(sizes: Sizes, plain: raw.Raw, accounts: raw.AccountIds) -> Figures:
    """COPY, many rows in one INSERT by either way, ours, and the sealing of what ours wrote."""
    drafts = _turns(sizes, sizes.many, 1_000_000)
    rows = [raw.rows_of(turn, accounts) for turn in drafts]
    copied, values, arrays, posted, sealed = in_turns(
        sizes.turns,
        lambda turn: raw.copy(plain, rows[turn], first_id=1 + turn * sizes.many),
        lambda turn: _insert(raw.insert_values, plain, rows[turn]),
        lambda turn: _insert(raw.insert_arrays, plain, rows[turn]),
        lambda turn: post_in_batches(drafts[turn]),
        lambda _: seal_all(),
    )
    inserted = min(values, arrays, key=median)
    return {
        "post_many_ratio": ratio(inserted, posted),
        "seal_to_post_ratio": ratio(posted, sealed),
        "raw_copy_entries_per_s": per_second(sizes.many, copied),
        "raw_many_entries_per_s": per_second(sizes.many, inserted),
        "post_many_entries_per_s": per_second(sizes.many, posted),
        "seal_entries_per_s": per_second(sizes.many, sealed),
    }


def _single(sizes: Sizes, plain: raw.Raw, accounts: raw.AccountIds) -> Figures:
    """One commit for each entry."""
    drafts = _turns(sizes, sizes.single, 50_000_000)
    rows = [raw.rows_of(turn, accounts) for turn in drafts]
    values, arrays, posted = in_turns(
        sizes.turns,
        lambda turn: _insert(raw.insert_values, plain, rows[turn], batch=1),
        lambda turn: _insert(raw.insert_arrays, plain, rows[turn], batch=1),
        lambda turn: _post_singly(drafts[turn]),
    )
    inserted = min(values, arrays, key=median)
    return {
        "post_single_ratio": ratio(inserted, posted),
        "raw_single_entries_per_s": per_second(sizes.single, inserted),
        "post_single_entries_per_s": per_second(sizes.single, posted),
    }


def _turns(sizes: Sizes, number: int, first: int) -> list[list[EntryDraft]]:
    return [shop.sales_on(shop.TODAY, number, first + turn * number) for turn in range(sizes.turns + 1)]


def _insert(
    insert: Callable[[raw.Raw, Sequence[raw.Row]], None],
    plain: raw.Raw,
    rows: Sequence[raw.Row],
    *,
    batch: int = BATCH,
) -> None:
    for start in range(0, len(rows), batch):
        insert(plain, rows[start : start + batch])


def _post_singly(drafts: Sequence[EntryDraft]) -> None:
    for draft in drafts:
        with transaction.atomic():
            posted = post_entry(draft, now=shop.NOW)
        require(posted.outcome is Outcome.POSTED, "an entry was in the books already")


def _require_same(plain: raw.Raw, entries: int, known: int) -> None:
    """The plain tables hold the very entries and amounts of ours; what was sealed is in the chain, once."""
    sealed = seal_all()
    require(sealed == entries + known, f"{sealed} entries are sealed, not {entries + known}")
    require_books(entries + known, shop.POSTINGS)
    sums = "SELECT count(DISTINCT p.entry_id), count(*), sum(p.amount_minor) FROM {0}_posting p JOIN {0}_entry e"
    ours = one_row(f"{sums.format('ledger')} ON e.id = p.entry_id WHERE e.id > %s", [known])
    for name in ("raw", "arrays"):
        theirs = plain.execute(f"{sums.format(name)} ON e.id = p.entry_id").fetchone()
        require(theirs == ours, f"the plain tables hold {theirs}, ours {ours}")
