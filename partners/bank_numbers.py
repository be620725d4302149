"""Bank numbers: checked when they are typed, encrypted where they lie, and opened only to write an ACH file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_ROUTING = re.compile(r"[0-9]{9}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9A-Z-]{4,17}", re.ASCII)
_WEIGHTS = (3, 7, 1) * 3


class NoKeys(Exception):
    """TASSEL_BANK_KEYS is not set, so no bank number can be kept."""


class NotOpened(Exception):
    """None of the keys opens these numbers: a key was taken away before `manage.py rotate_bank_keys` had run."""


@dataclass(frozen=True, slots=True)
class BankNumbers:
    """An account at a US bank; neither number ever shows in a log, a page or a traceback."""

    routing: str = field(repr=False)
    account: str = field(repr=False)

    @property
    def last4(self) -> str:
        return self.account[-4:]

    @property
    def fingerprint(self) -> str:
        """The same for the same numbers; says nothing of them."""
        return self._marked(settings.FINGERPRINT_KEYS[0])

    def is_known_as(self, fingerprint: str) -> bool:
        """Whether one of the keys has marked these very numbers so."""
        return any(constant_time_compare(self._marked(key), fingerprint) for key in settings.FINGERPRINT_KEYS)

    def _marked(self, key: str) -> str:
        said = f"{self.routing}:{self.account}"
        return salted_hmac("partners.bank_numbers", said, secret=key, algorithm="sha256").hexdigest()


def is_routing_number(typed: str) -> bool:
    """Nine digits whose sum weighted 3-7-1 ends in 0 (NACHA); nine zeros are none."""
    if not _ROUTING.fullmatch(typed) or not int(typed):
        return False
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, typed, strict=True)) % 10 == 0


def is_account_number(typed: str) -> bool:
    """4 to 17 characters, as the field of an ACH file takes them."""
    return bool(_ACCOUNT.fullmatch(typed))


def seal(numbers: BankNumbers) -> str:
    """Encrypt with the newest key. Raises NoKeys."""
    return _keys().encrypt(json.dumps([numbers.routing, numbers.account]).encode()).decode()


def unseal(sealed: str) -> BankNumbers:
    """Only for the writer of ACH files. Raises NoKeys, NotOpened."""
    try:
        return BankNumbers(*json.loads(_keys().decrypt(sealed)))
    except InvalidToken as error:
        raise NotOpened("none of the keys in TASSEL_BANK_KEYS opens these numbers") from error


def sealed_anew(sealed: str) -> str:
    """The same numbers under the newest key. Raises NoKeys, NotOpened."""
    try:
        return _keys().rotate(sealed).decode()
    except InvalidToken as error:
        raise NotOpened("none of the keys in TASSEL_BANK_KEYS opens these numbers") from error


def can_seal() -> bool:
    """Whether this deployment keeps bank numbers at all."""
    return bool(settings.BANK_KEYS)


def _keys() -> MultiFernet:
    if not settings.BANK_KEYS:
        raise NoKeys("TASSEL_BANK_KEYS is not set: see docs/operating.md")
    return MultiFernet([Fernet(key) for key in settings.BANK_KEYS])
