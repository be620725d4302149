"""An entry by hand as bookkeepers write it, in lines that balance, and the pairs that it is booked as."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.drafts import AccountRef, BadPosting, PostingDraft


@dataclass(frozen=True, slots=True)
class HandLine:
    """An account and its side: above zero a debit, below it a credit."""

    account: AccountRef
    amount_minor: int

    @property
    def debit_minor(self) -> int:
        return max(self.amount_minor, 0)

    @property
    def credit_minor(self) -> int:
        return max(-self.amount_minor, 0)


class NotBalanced(BadPosting):
    """Debits and credits come to different sums, or one account stands on both sides."""


def pairs_of(lines: Iterable[HandLine]) -> tuple[PostingDraft, ...]:
    """Each debit taken from the credits in the order in which they stand. Raises NotBalanced, in a person's words."""
    sums: dict[AccountRef, int] = {}
    for line in lines:
        before = sums.get(line.account, 0)
        if before * line.amount_minor < 0:
            raise NotBalanced("The same account stands on both sides: write what is left of it on one.")
        sums[line.account] = before + line.amount_minor
    if not any(sums.values()) or sum(sums.values()) != 0:
        raise NotBalanced("Debits and credits must come to the same sum.")
    debits = [(account, amount) for account, amount in sums.items() if amount > 0]
    rest = {account: -amount for account, amount in sums.items() if amount < 0}
    pairs = []
    for debit, amount in debits:
        left = amount
        while left:
            credit, has = next((account, has) for account, has in rest.items() if has)
            taken = min(left, has)
            pairs.append(PostingDraft(debit, credit, taken))
            left, rest[credit] = left - taken, has - taken
    return tuple(pairs)


def lines_of(postings: Sequence[Sequence[object]]) -> list[HandLine]:
    """What a manual entry's rows of pairs say of each account, debits first; an account whose sides meet is gone."""
    sums: dict[AccountRef, int] = {}
    for debit, debit_owner, credit, credit_owner, amount in postings:
        for account, signed in (
            (AccountRef(str(debit), str(debit_owner)), 1),
            (AccountRef(str(credit), str(credit_owner)), -1),
        ):
            sums[account] = sums.get(account, 0) + signed * int(str(amount))
    lines = [HandLine(account, amount) for account, amount in sums.items() if amount]
    return sorted(lines, key=lambda line: line.amount_minor < 0)
