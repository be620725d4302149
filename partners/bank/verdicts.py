"""What an import would do with each row: new, known from an earlier file, doubtful, or refused."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from partners.bank.readers import BadRow, Row
from partners.models import BankAccount, BankLine, BankStatement, StatementRow

Content = tuple[date, int, str]
Word = StatementRow.Verdict


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row and its word; `problem` where it is refused or doubtful; the key by which it is kept once."""

    row: Row | BadRow
    word: Word
    dedupe_key: str = ""
    problem: str = ""


@dataclass(slots=True)
class _Known:
    """The lines that are there: their keys with their content, and of each content the ids that nobody claimed."""

    by_key: dict[str, Content]
    unclaimed: dict[Content, list[str]]

    def claim(self, content: Content, bank_ref: str | None = None) -> str | None:
        """Take one line of this content out, by its id if given; its id, or None when there is none left."""
        left = self.unclaimed.get(content)
        if not left:
            return None
        return left.pop(left.index(bank_ref) if bank_ref in left else 0)


def verdicts(account: BankAccount, rows: Sequence[Row | BadRow]) -> list[Verdict]:
    """Three queries, however many rows. Each known line answers for one row of the file.

    By key first. Then by content: a row that says what a line says which nobody claimed yet is that line under another
    id or none. But where both have an id and the earlier file may have ended in the middle of that day, it could as
    well be a second one: it is doubtful, is imported, and becomes an exception (rules/ledger.md sections 3 and 7).
    """
    good = [row for row in rows if isinstance(row, Row)]
    keys = dict(zip(map(id, good), keys_of(good), strict=True))
    known = _known(account, good, keys.values())
    for row in good:
        if keys[id(row)] in known.by_key:
            known.claim(known.by_key[keys[id(row)]], row.bank_ref)
    complete = _complete_days(account)
    repeated = _repeated(good)
    return [_verdict(row, keys.get(id(row), ""), known, complete, repeated) for row in rows]


def keys_of(rows: Sequence[Row]) -> Iterator[str]:
    """The bank's own id where it is in the file once, otherwise day, amount, text and the number of occurrence."""
    ids = Counter(row.bank_ref for row in rows)
    occurrences: Counter[Content] = Counter()
    for row in rows:
        content = content_of(row)
        occurrences[content] += 1
        if row.bank_ref and ids[row.bank_ref] == 1:
            yield _sha256(f"id|{row.bank_ref}")
        else:
            day, amount_minor, text = content
            yield _sha256(f"{day.isoformat()}|{amount_minor}|{text}|{occurrences[content]}")


def content_of(row: Row | BankLine) -> Content:
    """What makes two lines look the same."""
    return row.booked_on, row.amount_minor, normal(row.description)


def normal(description: str) -> str:
    return " ".join(description.upper().split())


def _verdict(
    row: Row | BadRow, key: str, known: _Known, complete: Sequence[tuple[date, date]], repeated: Collection[int]
) -> Verdict:
    if isinstance(row, BadRow):
        return Verdict(row, Word.REFUSED, problem=row.problem)
    if key in known.by_key:
        return Verdict(row, Word.KNOWN, key)
    other = known.claim(content_of(row))
    if other is not None:
        if not row.bank_ref or not other or any(first <= row.booked_on < last for first, last in complete):
            return Verdict(row, Word.KNOWN, key)
        return Verdict(row, Word.DOUBTFUL, key, "The same is there under another id of the bank.")
    if id(row) in repeated:
        return Verdict(row, Word.DOUBTFUL, key, "The file has this line twice under one id of the bank.")
    return Verdict(row, Word.NEW, key)


def _known(account: BankAccount, rows: Sequence[Row], keys: Iterable[str]) -> _Known:
    """The account's lines of the file's days, and those of its keys, which may have another day by now."""
    known = _Known({}, {})
    if not rows:
        return known
    days = [row.booked_on for row in rows]
    lines = BankLine.objects.filter(account=account).values_list(
        "dedupe_key", "booked_on", "amount_minor", "description", "bank_ref"
    )
    near = lines.filter(booked_on__range=(min(days), max(days)))
    far = lines.filter(dedupe_key__in=list(keys)).exclude(booked_on__range=(min(days), max(days)))
    for key, day, amount_minor, description, bank_ref in [*near, *far]:
        content = (day, amount_minor, normal(description))
        known.by_key[key] = content
        known.unclaimed.setdefault(content, []).append(bank_ref)
    return known


def _complete_days(account: BankAccount) -> list[tuple[date, date]]:
    """Periods of earlier files: their last day may not have been over."""
    return list(BankStatement.objects.filter(account=account).values_list("first_on", "last_on"))


def _repeated(rows: Sequence[Row]) -> set[int]:
    """Rows that say what another row above them says, under the same id of the bank."""
    seen: set[tuple[str, Content]] = set()
    found = set()
    for row in rows:
        mark = (row.bank_ref, content_of(row))
        if row.bank_ref and mark in seen:
            found.add(id(row))
        seen.add(mark)
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = ["Content", "Verdict", "Word", "content_of", "keys_of", "normal", "verdicts"]
