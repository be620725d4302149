"""Proofs that are tests of the suite, at a size of their own: pytest runs them as it always does."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Final

from config.demo.places import ROOT
from config.prove.telling import say


@dataclass(frozen=True, slots=True)
class InSuite:
    """The tests that prove it, and the size at which they do; what the size counts is said beside `--size`."""

    tests: tuple[str, ...]
    full: int
    counts: str


PROOFS: Final = {
    "calls": InSuite(("tests/payments/test_call_storm.py",), 2_000, "calls to Stripe"),
    "kill-points": InSuite(
        (
            "tests/payments/test_kill_points.py",
            "tests/payments/test_transfers.py::test_killed_anywhere_it_is_sent_and_booked_once",
            "tests/journeys/test_charged_twice.py::test_killed_anywhere_around_the_refund_it_is_made_once",
        ),
        20,
        "times at each point",
    ),
    "refund-pairs": InSuite(
        (
            "tests/journeys/test_money_back.py::test_two_refunds_at_once_never_give_back_more_than_was_paid",
            "tests/journeys/test_money_back.py::test_two_refunds_of_a_gift_at_once_never_give_back_more_than_was_given",
        ),
        200,
        "pairs of refunds",
    ),
    "orders-of-news": InSuite(
        ("tests/config/test_order_of_news.py", "tests/config/test_order_of_each_life.py"),
        5,
        "pieces of news in every order",
    ),
    "batch-rivals": InSuite(("tests/partners/test_batch_rivals.py",), 200, "rounds of sixteen rivals"),
    "payout-faults": InSuite(
        ("tests/partners/test_payout_faults.py::test_a_storm_of_faults_pays_every_partner_once",), 60, "partners"
    ),
    "ledger": InSuite(
        (
            "tests/ledger/test_races.py::test_sixteen_threads_with_the_same_keys_write_each_once",
            "tests/ledger/test_closing_races.py",
            "tests/invariants/test_books_model.py",
            "tests/invariants/test_sealed_books_model.py",
            "tests/invariants/test_caps.py",
        ),
        10,
        "times what the suite does",
    ),
}


def prove(proof: InSuite, *, size: int, seed: int) -> bool:
    """Whether all of its tests pass at this size. They say what they counted (`tests/asked.py`)."""
    with tempfile.NamedTemporaryFile("r", prefix="tassel-prove-") as told:
        asked = {
            "TASSEL_PROOF_SIZE": str(size),
            "TASSEL_PROOF_SEED": str(seed),
            "TASSEL_PROOF_TOLD": told.name,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        command = [sys.executable, "-m", "pytest", "-x", "-v", "--no-header", "-p", "no:cacheprovider", *proof.tests]
        run = subprocess.run(command, cwd=ROOT, env=os.environ | asked, check=False)
        say(told.read().rstrip())
    return run.returncode == 0
