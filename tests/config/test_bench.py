"""The bench measures what it names and notices work that was not done; how fast anything is, no test asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from config.bench import content, ledger, timing, webhooks
from config.bench.content import WrongContent, require_books

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {
    "post_many_ratio",
    "post_single_ratio",
    "seal_to_post_ratio",
    "trial_balance_ratio",
    "balance_as_of_ms",
    "partner_statement_ms",
    "close_growth",
    "bytes_per_posting",
}


def databases_of(pid: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"tassel_bench_{pid}_"])
        return [name for (name,) in cursor.fetchall()]


def tiny_run(what: str) -> dict[str, float]:
    with subprocess.Popen(
        [sys.executable, "-m", "config.bench", what, "--json", "--quick"],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        said, complaint = run.communicate()

    assert run.returncode == 0, complaint
    assert databases_of(run.pid) == []
    figures: dict[str, float] = json.loads(said)
    assert all(figure > 0 for figure in figures.values()), figures
    return figures


@pytest.mark.django_db
def test_a_tiny_run_gives_every_figure_and_leaves_no_database() -> None:
    figures = tiny_run("ledger")

    assert set(figures) >= PROMISED
    assert figures["partner_statement_lines"] == 3


@pytest.mark.django_db
def test_a_tiny_run_of_the_webhooks_gives_every_figure() -> None:
    figures = tiny_run("webhooks")

    assert set(figures) >= {"accept_ratio", "accept_p99_ms", "process_per_worker_ratio"}
    assert set(webhooks.AT_LEAST) | set(webhooks.AT_MOST) == {"accept_ratio", "accept_p99_ms"}


def test_every_promise_names_a_figure_of_the_issue() -> None:
    assert set(ledger.AT_LEAST) | set(ledger.AT_MOST) == PROMISED


def test_a_missed_promise_is_said() -> None:
    kept = ledger.AT_LEAST | ledger.AT_MOST

    def missed(found: dict[str, float]) -> list[str]:
        return content.missed(found, ledger.AT_LEAST, ledger.AT_MOST)

    assert missed(kept) == []
    assert missed(kept | {"close_growth": 1.31}) == ["close_growth is 1.31, not 1.3 or less"]
    assert missed(kept | {"post_many_ratio": 0.49}) == ["post_many_ratio is 0.49, not 0.5 or more"]


def test_ways_take_turns_and_the_first_turn_is_not_counted() -> None:
    done: list[str] = []

    times = timing.in_turns(2, lambda turn: done.append(f"a{turn}"), lambda turn: done.append(f"b{turn}"))

    assert done == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert [len(kept) for kept in times] == [2, 2]


def test_a_ratio_is_the_median_of_the_turns_ratios() -> None:
    assert timing.ratio([1.0, 9.0, 30.0], [2.0, 3.0, 10.0]) == 3.0


@pytest.mark.django_db
def test_work_that_was_not_done_gives_no_figure() -> None:
    with pytest.raises(WrongContent, match="the books hold"):
        require_books(1, 6)
