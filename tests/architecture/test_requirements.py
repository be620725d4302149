"""Every package is pinned by version and hash, and no line names the place it came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)(\[[a-z0-9,-]+\])?==\S+( ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(path: Path) -> set[str]:
    """The names that an .in file asks for, those of the files it includes as well."""
    names: set[str] = set()
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            names |= wanted(ROOT / line[3:])
        elif line and not line.startswith(("#", "-")):
            names.add(normal(re.split(r"[\[=~<>!; ]", line)[0]))
    return names


def pinned(path: Path) -> dict[str, str]:
    lines = (PIN.match(line) for line in path.read_text().splitlines())
    return {normal(match[1]): match[0] for match in lines if match}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_line_is_a_pin_or_a_hash(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()

    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []
    assert all(HASH.match(after) for line, after in zip(lines, [*lines[1:], ""], strict=True) if PIN.match(line))


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_asked_for_is_pinned(name: str) -> None:
    assert wanted(ROOT / f"{name}.in") - set(pinned(ROOT / f"{name}.txt")) == set()


def test_development_tests_what_production_runs() -> None:
    production, development = pinned(ROOT / "requirements.txt"), pinned(ROOT / "requirements-dev.txt")

    assert {name: pin for name, pin in production.items() if development.get(name) != pin} == {}
