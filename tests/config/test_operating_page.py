"""docs/operating.md names every variable that is read and every event type that is handled, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from ledger.discrepancies import KINDS
from payments import registry
from people.access import ROLES
from tests.invariants.doors import DOORS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text()
# Set by Django's own entry points, by the scripts or for one library.
NOT_FOR_OPERATORS = {"DJANGO_SETTINGS_MODULE", "FONTCONFIG_FILE"}
READS = re.compile(
    r"""(?:environ\.get|environ|environment\.\w+|\b(?:text|secret|choice|web_address|server_address))[(\[]\s*["']([A-Z][A-Z_]+)["']"""
)


def test_table_lists_exactly_the_variables_that_are_read() -> None:
    packages = ("config", "reports", "shop", "donations", "partners", "payments", "ledger", "people")
    read = {
        name
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        for name in READS.findall(path.read_text())
    }

    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))

    assert listed == read - NOT_FOR_OPERATORS


def test_event_types_are_those_that_are_handled() -> None:
    section = PAGE.split("**Event types**", 1)[1].split("Other types", 1)[0]

    assert set(re.findall(r"`([a-z_.]+)`", section)) == set(registry._readers)


def test_the_table_of_exceptions_has_every_kind_with_the_name_that_the_desk_gives_it() -> None:
    section = PAGE.split("| Exception | Code |", 1)[1].split("\n\n", 1)[0]

    rows = re.findall(r"^\| ([^|`]+) \| `([a-z_]+)` \|", section, re.MULTILINE)

    assert sorted(rows) == sorted((kind.title, kind.word) for kind in KINDS.values())


def test_the_table_of_roles_has_every_role_once() -> None:
    section = PAGE.split("| Role | Reads on the desk", 1)[1].split("\n\n", 1)[0]

    assert sorted(re.findall(r"^\| ([a-z ]+) \|", section, re.MULTILINE)) == sorted(ROLES)


def test_who_does_nothing_on_the_desk_passes_no_door_that_does_anything() -> None:
    """The table and the doors (tests/invariants/doors.py) name the same roles as those that change something."""
    section = PAGE.split("| Role | Reads on the desk", 1)[1].split("\n\n", 1)[0]
    idle = set(re.findall(r"^\| ([a-z ]+) \|[^|]*\| nothing", section, re.MULTILINE))
    acting = {name for door in DOORS.values() if door.kind == "role" and "POST" in door.methods for name in door.roles}

    assert idle == set(ROLES) - acting
