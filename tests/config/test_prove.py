"""A small run of what `scripts/prove` does at length, so that it cannot rot; and that it sees what went wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from config.prove import answers, inbox, movements, suite
from config.prove.faults import POISON
from config.prove.telling import Progress
from payments.models import StripeEvent
from payments.operations.receive_event import TASK
from people import clock
from tests import asked

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests/config/test_prove.py"
WITHIN_S = 240  # for a machine with much else to do; a quiet one takes a tenth
AT_STRIPE = {"ch_1": 5000, "re_1": -1200, "re_back": 0, "dp_won": 0, "txn_1": 4825}
BOOKS = {"ch_1": [5000], "re_1": [-1200], "re_back": [-700, 700], "txn_1": [4825]}


@pytest.mark.django_db
def test_a_small_storm_holds_and_leaves_no_database() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "config.prove", "webhooks", "--size", "60", "--seed", "3"],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        said, _ = run.communicate(timeout=WITHIN_S)

    assert run.returncode == 0, said
    assert "webhooks HOLDS" in said
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [f"tassel_prove_{run.pid}"])
        assert cursor.fetchone() is None


def test_books_as_stripe_has_it_have_nothing_wrong() -> None:
    assert movements.lost(AT_STRIPE, BOOKS) == []
    assert movements.double(AT_STRIPE, BOOKS) == []
    assert movements.astray(AT_STRIPE, BOOKS) == []


@pytest.mark.parametrize("one", ["ch_1", "re_1", "txn_1"])
def test_a_lost_object_is_seen(one: str) -> None:
    assert movements.lost(AT_STRIPE, BOOKS | {one: []}) == [one]


def test_an_object_booked_twice_is_seen() -> None:
    books = BOOKS | {"ch_1": [5000, 5000]}

    assert movements.double(AT_STRIPE, books) == ["ch_1"]
    assert movements.astray(AT_STRIPE, books) == ["ch_1 moved 10000, at Stripe 5000"]


def test_a_cent_too_much_a_stranger_and_half_a_failed_refund_are_seen() -> None:
    books = BOOKS | {"ch_1": [5001], "ch_9": [100], "re_back": [-700]}

    assert movements.astray(AT_STRIPE, books) == [
        "ch_1 moved 5001, at Stripe 5000",
        "ch_9 moved 100, and Stripe has no such object",
        "re_back moved -700, at Stripe 0",
    ]


def test_answers_are_read_from_the_door_alone(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("GET /health/live 200 900000\n" + "".join(f"POST /stripe/webhook 200 {n}000\n" for n in range(100)))
    with log.open("a") as more:
        more.write("POST /stripe/webhook 400 5000\n")

    told = answers.read(log)

    assert (told.number, dict(told.by_status)) == (101, {200: 100, 400: 1})
    assert (told.p50_ms, told.p99_ms) == (49, 98)


def event(name: str, *, failures: int, object_id: str = "ch_1") -> StripeEvent:
    now = clock.wall_now()
    return StripeEvent.objects.create(
        event_id=f"evt_{name}", type="charge.succeeded", livemode=False, object_id=object_id, body="{}",
        created_at=now, received_at=now, next_attempt_at=now, failures=failures,
    )  # fmt: skip


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "STUCK_AFTER_S", 0)
    monkeypatch.setattr(inbox, "LOOK_S", 0)


@pytest.mark.django_db
def test_what_waits_because_it_failed_lets_the_inbox_rest_and_what_is_due_does_not(impatient: None) -> None:
    event("waits", failures=2)
    inbox.wait_for_rest(Progress())

    event("due", failures=0)

    with pytest.raises(inbox.NoRest, match="evt_due"):
        inbox.wait_for_rest(Progress())


@pytest.mark.django_db(transaction=True)
def test_poison_alone_is_hurried_to_its_death(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(inbox, "wake", woken.append)
    poison, other = event("poison", failures=1, object_id=POISON), event("other", failures=1)
    before = other.next_attempt_at

    with pytest.raises(inbox.NoRest):
        inbox.let_poison_die(Progress())

    poison.refresh_from_db()
    other.refresh_from_db()
    assert poison.next_attempt_at > before == other.next_attempt_at
    assert set(woken) == {TASK}


def test_a_test_knows_at_which_size_it_is_asked_to_run() -> None:
    asked.tell(f"size {asked.size(3)}, times {asked.times(10)}, seed {asked.seed(1)}")

    assert asked.times(10) == 10 * asked.size(1)


def test_a_proof_of_the_suite_runs_at_its_size_and_tells_what_it_counted(capfd: pytest.CaptureFixture[str]) -> None:
    proof = suite.InSuite((f"{HERE}::{test_a_test_knows_at_which_size_it_is_asked_to_run.__name__}",), 1, "times")

    assert suite.prove(proof, size=7, seed=9)

    assert "size 7, times 70, seed 9\n" in capfd.readouterr().out


def test_a_proof_whose_tests_fail_does_not_hold() -> None:
    assert not suite.prove(suite.InSuite((f"{HERE}::test_that_is_not_there",), 1, "times"), size=1, seed=7)


def test_every_proof_of_the_suite_names_tests_that_exist() -> None:
    for name, proof in suite.PROOFS.items():
        for test in proof.tests:
            path, _, function = test.partition("::")
            assert f"def {function}" in (ROOT / path).read_text(), name
