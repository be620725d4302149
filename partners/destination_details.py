"""What a person enters about where a partner is paid: checked field by field, then as a destination has it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from partners import bank_numbers
from partners.bank_numbers import BankNumbers
from partners.models import Method, PayoutDestination

_FIVE_DIGITS = re.compile(r"\d(?:[ -]?\d){4}")
_STRIPE_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{6,60}", re.ASCII)


class WrongDetail(ValueError):
    """One field cannot be taken; `field` names it, `str(error)` says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Details:
    """Where a partner is to be paid. Each method has its own fields; the others stay empty.

    `words`: bank and last four digits, or for a manual payout what way it is. `bank_last4` and `bank_mark`: the bank
    that Stripe pays the account out to, as `payments` tells of it. `is_office`: the person has confirmed that nobody is
    sheltered at the address.
    """

    method: str
    words: str = ""
    stripe_account: str = ""
    bank_last4: str = ""
    bank_mark: str = field(default="", repr=False)
    routing: str = field(default="", repr=False)
    account: str = field(default="", repr=False)
    account_kind: str = ""
    payee: str = ""
    address: str = ""
    is_office: bool = False


def fields_of(details: Details) -> dict[str, Any]:
    """The columns of a destination. Raises WrongDetail, and NoKeys when bank numbers cannot be kept."""
    return {
        Method.BANK: _in_words,
        Method.MANUAL: _in_words,
        Method.CONNECT: _connect,
        Method.ACH: _ach,
        Method.CHEQUE: _cheque,
    }[Method(details.method)](details)


def hash_of(destination: PayoutDestination) -> str:
    """What a call-back signs: everything that the row says, with the numbers' fingerprint in their place."""
    names = ("partner_id", "method", "label", "stripe_account", "fingerprint", "account_kind", "payee", "address")
    said = {name: getattr(destination, name) for name in names}
    return hashlib.sha256(json.dumps(said, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def _in_words(details: Details) -> dict[str, Any]:
    words = " ".join(details.words.split())
    if not words:
        raise WrongDetail("words", "Say where the money goes, such as: Commerce Bank, ending 6789.")
    if _FIVE_DIGITS.search(words):
        raise WrongDetail("words", "Write the last four digits only: a full account number must not stand here.")
    return {"label": _short("words", words)}


def _connect(details: Details) -> dict[str, Any]:
    if not _STRIPE_ACCOUNT.fullmatch(details.stripe_account):
        raise WrongDetail("stripe_account", "That is no Stripe account: it begins with acct_.")
    known_by = f", bank ending {details.bank_last4}" if details.bank_last4 else f" ending {details.stripe_account[-4:]}"
    return {
        "label": f"Stripe account{known_by}",
        "stripe_account": details.stripe_account,
        "fingerprint": details.bank_mark,
    }


def _ach(details: Details) -> dict[str, Any]:
    routing, account = details.routing.replace(" ", ""), details.account.replace(" ", "").upper()
    if not bank_numbers.is_routing_number(routing):
        raise WrongDetail("routing", "That is no routing number: nine digits, of which the last one checks the others.")
    if not bank_numbers.is_account_number(account):
        raise WrongDetail("account", "An account number has 4 to 17 digits.")
    if details.account_kind not in PayoutDestination.AccountKind.values:
        raise WrongDetail("account_kind", "Say whether it is a checking or a savings account.")
    bank = " ".join(details.words.split())
    if not bank:
        raise WrongDetail("words", "Say which bank it is.")
    if _FIVE_DIGITS.search(bank):
        raise WrongDetail("words", "Only the name of the bank: its numbers go in their own fields.")
    numbers = BankNumbers(routing, account)
    return {
        "label": _short("words", f"{bank}, ending {numbers.last4}"),
        "sealed_numbers": bank_numbers.seal(numbers),
        "fingerprint": numbers.fingerprint,
        "account_kind": details.account_kind,
    }


def _cheque(details: Details) -> dict[str, Any]:
    payee = " ".join(details.payee.split())
    lines = [line for line in (" ".join(line.split()) for line in details.address.splitlines()) if line]
    if not payee:
        raise WrongDetail("payee", "Say to whose order the cheque is made out.")
    if len(lines) < 2 or len(lines) > 5 or any(len(line) > 60 for line in lines):
        raise WrongDetail("address", "Write the address in two to five lines of at most 60 characters.")
    if not details.is_office:
        raise WrongDetail(
            "is_office",
            "Confirm that this is the organisation's office or box. The address of a shelter is never kept.",
        )
    return {"label": _short("payee", f"Cheque to {payee}"), "payee": payee[:80], "address": "\n".join(lines)}


def _short(field: str, label: str) -> str:
    longest = PayoutDestination._meta.get_field("label").max_length
    if len(label) > (longest or 0):
        raise WrongDetail(field, "That is too long: use fewer words.")
    return label
