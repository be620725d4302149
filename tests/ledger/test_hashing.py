"""The bytes by which an entry is known are fixed for ever: what was hashed once hashes the same after every change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest

from ledger.hashing import canonical, content_hash, facts_hash
from tests.ledger.facts import DAY, NOW, accrual, sale

CANONICAL = (
    '[1,"stripe:charge:ch_1:sale","sale","order:1042","2026-10-20",1792515600000000,null,'
    '[["1040","4510","usd",4320],["4520","4510","usd",480],["1040","4530","usd",500],["1040","2310","usd",366]]]'
)


def test_canonical_bytes() -> None:
    assert content_hash(sale(), DAY) == sha256(CANONICAL.encode()).digest()


def test_owner_and_reversed_entry_are_part_of_the_bytes() -> None:
    made = canonical(
        key="back:1",
        kind="test",
        source="order:1",
        effective_on=DAY,
        event_at=NOW,
        reverses_key="allocation:1:accrual",
        postings=[("2110/partner:1", "5110", "usd", 864)],
    )

    assert b'"allocation:1:accrual",[["2110/partner:1","5110","usd",864]]]' in made


def test_zone_in_which_a_moment_is_written_changes_nothing() -> None:
    draft = sale(event_at=NOW.astimezone(timezone(timedelta(hours=-5))))

    assert (content_hash(draft, DAY), facts_hash(draft)) == (content_hash(sale(), DAY), facts_hash(sale()))


@pytest.mark.parametrize("change", [{"actor": "user:3"}, {"memo": "late"}])
def test_who_wrote_it_changes_nothing(change: dict[str, Any]) -> None:
    draft = replace(sale(), **change)

    assert (content_hash(draft, DAY), facts_hash(draft)) == (content_hash(sale(), DAY), facts_hash(sale()))


def test_day_it_lands_on_changes_the_content_and_not_the_facts() -> None:
    later = replace(sale(), effective_on=date(2026, 11, 1))

    assert facts_hash(later) == facts_hash(sale())
    assert content_hash(later, date(2026, 11, 1)) != content_hash(sale(), DAY)


def test_without_facts_of_its_own_an_entry_is_told_by_its_postings() -> None:
    one, other = (replace(accrual(amount_minor=amount), facts=()) for amount in (864, 865))

    assert facts_hash(one) == facts_hash(replace(accrual(), facts=()))
    assert facts_hash(one) != facts_hash(other)
