"""The number of a cheque, as a bank line tells it: in its reference, or after a word for cheque in its text."""

from __future__ import annotations

import re
from typing import Final

_ALONE: Final = re.compile(r"#?0*([1-9]\d{0,9})", re.ASCII)
_NAMED: Final = re.compile(
    r"\b(?:CHECK|CHEQUE|CHQ|CHK|CK)\b[ .:]*(?:PAID|NUMBER|NUM|NO|NR)?[ .:]*#? *0*([1-9]\d{0,9})(?!\d)", re.ASCII
)


def cheque_id(account_id: int, number: int) -> str:
    """What a cheque is called in matching: a number means nothing without its account, and no word of a text is it."""
    return f"CHEQUE {account_id}:{number}"


def cheque_ids(account_id: int, amount_minor: int, description: str, reference: str) -> tuple[str, ...]:
    """Which cheques of its account a line may be: money that left, with a number alone in its reference or so named."""
    if amount_minor >= 0:
        return ()
    alone = _ALONE.fullmatch(reference.strip())
    numbers = {*([alone[1]] if alone else []), *_NAMED.findall(f"{description} {reference}".upper())}
    return tuple(cheque_id(account_id, int(number)) for number in sorted(numbers))
