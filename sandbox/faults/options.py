"""What a fault may be told: the names of every kind's options, what each has to look like, and what it is by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.errors import invalid

REQUIRED: Any = object()
METHODS = ("*", "GET", "POST", "DELETE")
LENGTHS = ("full", "cut")


@dataclass(frozen=True)
class Option:
    """`fits` says whether a JSON value will do, `words` what would; `default` is REQUIRED where it must be sent."""

    fits: Callable[[Any], bool]
    words: str
    default: Any = REQUIRED

    def or_else(self, default: Any) -> Option:
        """The same with a default; one of None may also be sent as null."""
        fits = self.fits if default is not None else lambda value: value is None or self.fits(value)
        return Option(fits, self.words, default)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TEXT = Option(lambda value: isinstance(value, str) and value != "", "a text")
YES_NO = Option(lambda value: isinstance(value, bool), "true or false")
WAIT_S = Option(lambda value: _number(value) and 0 <= value <= 3_600, "seconds from 0 to 3600")
COUNT = Option(lambda value: _whole(value) and value >= 1, "a whole number from 1")
FROM_ZERO = Option(lambda value: _whole(value) and value >= 0, "a whole number from 0")
WHOLE = Option(_whole, "a whole number")
SHARE = Option(lambda value: _number(value) and 0 <= value <= 1, "a share from 0 to 1")
STATUS = Option(lambda value: _whole(value) and 400 <= value <= 599, "a status from 400 to 599")
METHOD = Option(lambda value: value in METHODS, f"one of {', '.join(METHODS)}")
LENGTH = Option(lambda value: value in LENGTHS, "full or cut")
TEXTS = Option(
    lambda value: isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value),
    "a list of texts",
)
VALUES = Option(lambda value: isinstance(value, dict) and bool(value), "an object of dotted paths and their values")

COMMON = {
    "fault": TEXT,
    "name": TEXT.or_else(None),
    "probability": SHARE.or_else(1),
    "times": COUNT.or_else(None),
    "after": FROM_ZERO.or_else(0),
}
API_MATCH = {"method": METHOD.or_else("*"), "path": TEXT.or_else("*"), "key": TEXT.or_else("*")}
WEBHOOK_MATCH = {"types": TEXTS.or_else(["*"]), "url": TEXT.or_else("*")}

SHOULD_RETRY = {"should_retry": YES_NO.or_else(None)}
INSTEAD = {"instead": YES_NO.or_else(False)}
API_FAULTS: dict[str, dict[str, Option]] = {
    "delay": {"delay_s": WAIT_S},
    "reset": {},
    "applied_then_dropped": {},
    "cut_body": {"keep_bytes": FROM_ZERO.or_else(10), "length": LENGTH.or_else("full")},
    "status": {
        "status": STATUS,
        "type": TEXT.or_else(None),
        "code": TEXT.or_else(None),
        "decline_code": TEXT.or_else(None),
        "message": TEXT.or_else(None),
        "applied": YES_NO.or_else(False),
        **SHOULD_RETRY,
    },
    "sticky_500": {"applied": YES_NO.or_else(False), **SHOULD_RETRY},
    "key_in_use": SHOULD_RETRY,
    "lock_timeout": SHOULD_RETRY,
    "rate_limited": SHOULD_RETRY,
}
WEBHOOK_FAULTS: dict[str, dict[str, Option]] = {
    "dropped": {},
    "duplicated": {"copies": COUNT.or_else(2)},
    "reordered": {"hold": COUNT.or_else(10), "within_s": WAIT_S.or_else(5)},
    "delayed": {"wait_s": WAIT_S.or_else(None), "clock_s": COUNT.or_else(None)},
    "wrongly_signed": INSTEAD,
    "old_timestamp": {"age_s": WHOLE.or_else(3_600), **INSTEAD},
    "byte_changed": INSTEAD,
    "old_version": {"api_version": TEXT.or_else("2024-12-18.acacia"), **INSTEAD},
    "rewritten": {"set": VALUES, **INSTEAD},
}


def checked(given: Any, known: dict[str, Option], at: str) -> dict[str, Any]:
    """`given` with its defaults; a 400 that names what is unknown, missing or of a wrong shape."""
    if not isinstance(given, dict):
        raise invalid("Send an object.", param=at)
    for name in given:
        if name not in known:
            raise invalid(f"Received unknown parameter: {name}. Known here: {', '.join(known)}.", param=f"{at}[{name}]")
    values = {}
    for name, option in known.items():
        value = given.get(name, option.default)
        if value is REQUIRED:
            raise invalid(f"Missing required param: {at}[{name}].", param=f"{at}[{name}]")
        if not option.fits(value):
            raise invalid(f"Send {option.words}.", param=f"{at}[{name}]")
        values[name] = value
    return values


def rule(given: Any, kinds: dict[str, dict[str, Option]], match: dict[str, Option], at: str) -> dict[str, Any]:
    """One rule of the plan, complete."""
    kind = given.get("fault") if isinstance(given, dict) else None
    if kind not in kinds:
        raise invalid(f"Send one of these faults: {', '.join(kinds)}.", param=f"{at}[fault]")
    complete = checked(given, COMMON | match | kinds[kind], at)
    if kind == "delayed" and (complete["wait_s"] is None) == (complete["clock_s"] is None):
        raise invalid("Send one of wait_s and clock_s.", param=f"{at}[wait_s]")
    return complete
