"""The demo as a new user starts it: two days are played, kept, and restored by the second start."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from config.demo import story
from tests.local_stripe import ROOT

NOT_OURS = ("DATABASE_URL", "STRIPE_", "TASSEL_", "DJANGO_", "EMAIL_URL", "CELERY_BROKER_URL", "CACHE_URL")


def test_every_play_is_the_same_and_has_what_it_says() -> None:
    visits = story.write()

    assert visits == story.write()
    kinds = Counter(visit.kind for visit in visits)
    assert kinds == {"order": 120, "plan": 40, "gift": 16}
    assert all(0 <= visit.day < story.DAYS for visit in visits)
    assert [visit.day for visit in visits] == sorted(visit.day for visit in visits)
    members = [visit.person.email for visit in visits if visit.kind == "plan"]
    assert len(set(members)) == 40
    cards = Counter(visit.card for visit in visits)
    assert cards[story.FAILS_LATER_CARD] == 2
    assert cards[story.DECLINED_CARD] >= 3
    assert cards[story.STRONG_CARD] >= 3
    assert sum(visit.leaves for visit in visits) >= 2
    (mended,) = (visit for visit in visits if visit.replaces_card)
    assert mended.card == story.FAILS_LATER_CARD
    assert mended.day + 31 + 3 < story.DAYS  # the month's payment fails and succeeds within the play


def test_money_goes_back_in_four_ways_and_the_last_two_wait_for_staff() -> None:
    kinds = [turn.kind for turn in story.TURNS]
    days = [turn.day for turn in story.TURNS]

    assert kinds == ["return", "gift_back", "at_stripe", "dispute"]
    assert days == sorted(days)
    assert story.DAYS - 7 < days[2] < days[3] < story.DAYS
    done = [visit for visit in story.write() if not visit.leaves]
    assert any(len(visit.cart) > 1 for visit in done if visit.kind == "order" and visit.day < days[0] - 3)
    assert any(visit.kind == "gift" for visit in done if visit.day < days[1] - 3)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code with this environment's packages: what a demo writes stays in it."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    folder = tmp_path / "a checkout"
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def run_demo(checkout: Path, *options: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(NOT_OURS)}
    done = subprocess.run(
        ["scripts/demo", "--once", *options],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_second_start_restores_what_the_first_played(checkout: Path) -> None:
    first = run_demo(checkout, "--days", "2")
    second = run_demo(checkout)

    assert "Playing 2 days" in first
    assert "Restoring the finished demo." in second
    assert "Playing" not in second
    secret = re.compile(r"second factor: ([A-Z2-7]{32})")
    assert len(secret.findall(first)) == 3
    assert secret.findall(first) == secret.findall(second)
