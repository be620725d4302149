"""How the sandbox's pages write money, times, cards and countries."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from markupsafe import Markup, escape

from sandbox import ids

SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "cad": "CA$", "aud": "A$", "nzd": "NZ$", "jpy": "¥"}
WITHOUT_CENTS = {
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "ugx",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
}
COUNTRIES = {
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "CA": "Canada",
    "CH": "Switzerland",
    "DE": "Germany",
    "ES": "Spain",
    "FR": "France",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "IT": "Italy",
    "MX": "Mexico",
    "NL": "Netherlands",
    "NZ": "New Zealand",
    "US": "United States",
}
WORD = re.compile(r"[a-z]+_(?:test_)?[A-Za-z0-9]{14,}")
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")


def money(amount_minor: int, currency: str | None) -> str:
    """`4800, "usd"` as $48.00; a currency without a sign of its own is named: SEK 48.00."""
    code = currency or ""
    sign = SIGNS.get(code, f"{code.upper()} ")
    minus = "-" if amount_minor < 0 else ""
    if code in WITHOUT_CENTS:
        return f"{minus}{sign}{abs(amount_minor):,}"
    return f"{minus}{sign}{abs(amount_minor) // 100:,}.{abs(amount_minor) % 100:02}"


def moment(unix_s: int) -> str:
    """Unix seconds as `10 Aug 2027, 14:05:09 UTC`."""
    at = datetime.datetime.fromtimestamp(unix_s, datetime.UTC)
    return f"{at.day} {at:%b %Y, %H:%M:%S} UTC"


def offset(offset_s: int) -> str:
    """How far the sandbox's clock stands from the wall clock, in words."""
    days, rest = divmod(abs(offset_s), 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    counts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    parts = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in counts if count]
    if not parts:
        return "The same as the wall clock"
    return f"{', '.join(parts)} {'ahead of' if offset_s > 0 else 'behind'} the wall clock"


def card_number(number: str) -> str:
    """Digits in the groups that are printed on a card."""
    groups = (4, 6, 5) if len(number) == 15 else (4,) * 5
    parts, rest = [], number
    for size in groups:
        parts.append(rest[:size])
        rest = rest[size:]
    return " ".join(part for part in parts if part)


def country(code: str) -> str:
    """A country's name where it is known, else its code."""
    return COUNTRIES.get(code, code)


def per_interval(recurring: dict[str, object] | None) -> str:
    """`per month`, `every 3 months`, or nothing for a price that comes once."""
    if not recurring:
        return ""
    count = recurring.get("interval_count", 1)
    return f"per {recurring['interval']}" if count == 1 else f"every {count} {recurring['interval']}s"


def link_ids(text: str) -> Markup:
    """Escaped text in which every object id is a link to that object."""
    parts, end = [], 0
    for found in WORD.finditer(text):
        if ids.object_name_of(found.group()) is not None:
            parts.append(escape(text[end : found.start()]))
            parts.append(Markup('<a href="/find/{0}">{0}</a>').format(found.group()))
            end = found.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def link_urls(text: str) -> Markup:
    """Escaped text in which every address is a link."""
    parts, end = [], 0
    for found in LINK.finditer(text):
        parts.append(escape(text[end : found.start()]))
        parts.append(Markup('<a href="{0}" rel="noreferrer" target="_blank">{0}</a>').format(found.group()))
        end = found.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


FILTERS: dict[str, Callable[..., object]] = {
    "card_number": card_number,
    "country": country,
    "link_ids": link_ids,
    "link_urls": link_urls,
    "moment": moment,
    "money": money,
    "offset": offset,
    "per_interval": per_interval,
}
