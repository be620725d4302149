"""`manage.py close_month`: two people close a month, each with a command of their own."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from ledger import month_checks
from ledger.closing import (
    AlreadyApproved,
    ContentChanged,
    EarlierMonthOpen,
    MonthBusy,
    NotApproved,
    NotWaiting,
    SamePerson,
    WrongState,
    close_subject,
    state_of,
)
from ledger.operations.approve_change import approve_change
from ledger.operations.close_month import ChecksFailed, close_month, current_closes
from ledger.operations.export_trial_balance import export_trial_balance
from ledger.operations.post_entry import NoSuchMonth
from ledger.operations.propose_close import propose_close
from ledger.operations.publish_proofs import NotClosed
from ledger.operations.seal_entries import ContentMismatch
from ledger.operations.soft_close import soft_close
from people import clock
from people.acting import MayNot, acting
from people.approvers import MayNotApprove
from people.models import User
from people.queries import month_bounds

PREPARER, APPROVER = "finance preparer", "finance approver"
REFUSALS: Final = (
    AlreadyApproved,
    ContentChanged,
    ContentMismatch,
    EarlierMonthOpen,
    MayNotApprove,
    NoSuchMonth,
    NotApproved,
    NotClosed,
    NotWaiting,
    SamePerson,
    WrongState,
)


class Command(BaseCommand):
    help = (
        "Close a month of the books. One person of finance proposes, another approves exactly what was proposed."
        " Without either it says how the month stands and what keeps it open."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", help="such as 2026-10")
        step = parser.add_mutually_exclusive_group()
        step.add_argument("--propose", metavar="EMAIL", help="check it, close it softly and propose it, as this person")
        step.add_argument("--approve", metavar="EMAIL", help="approve what was proposed and close it, as this person")
        step.add_argument("--finish", action="store_true", help="close what is approved, as after a crash")
        parser.add_argument(
            "--trial-balance",
            metavar="FILE",
            help="with --propose: write the trial balance there, as the checks want it",
        )
        parser.add_argument("--content", default="", metavar="HASH", help="with --approve: what the proposal said")

    def handle(self, *args: Any, **options: Any) -> None:
        yyyymm = _month(options["month"])
        try:
            if options["propose"]:
                self._propose(yyyymm, acting(options["propose"], PREPARER, APPROVER), options["trial_balance"])
            elif options["approve"]:
                self._approve(yyyymm, acting(options["approve"], APPROVER), options["content"])
            elif options["finish"]:
                self._close(yyyymm)
            else:
                self._look(yyyymm)
        except ChecksFailed as failed:
            self._list(failed.findings)
            raise CommandError(f"{options['month']} cannot be closed: {len(failed.findings)} found.") from None
        except MayNot as error:
            raise CommandError(str(error)) from None
        except MonthBusy:
            raise CommandError("Somebody is posting into the month. Nothing has changed: try again.") from None
        except REFUSALS as refusal:
            raise CommandError(f"{str(refusal).rstrip('.')}.") from None

    def _look(self, yyyymm: int) -> None:
        state = state_of(yyyymm)
        if closed := current_closes([yyyymm]).get(yyyymm):
            self.stdout.write(f"closed at {closed.through_seq}:{closed.closing_hash.hex()}")
            return
        self.stdout.write(state)
        self._check(yyyymm)
        self.stdout.write("Nothing keeps it open.")

    def _propose(self, yyyymm: int, by: User, trial_balance: str | None) -> None:
        """Checked while it still takes every entry, because what mends a finding often is an entry."""
        if trial_balance:
            _write(trial_balance, export_trial_balance(yyyymm=yyyymm, by=by, now=clock.now()).content)
        self._check(yyyymm)
        soft_close(yyyymm=yyyymm, by=by, now=clock.now())
        proposed = propose_close(yyyymm=yyyymm, by=by, now=clock.now())
        self.stdout.write("Proposed. Another person of finance closes it with:")
        self.stdout.write(f"--approve THEIR-EMAIL --content {proposed.subject_hash}")

    def _approve(self, yyyymm: int, by: User, content_hash: str) -> None:
        approve_change(subject=close_subject(yyyymm), by=by, content_hash=content_hash, now=clock.now())
        self._close(yyyymm)

    def _close(self, yyyymm: int) -> None:
        closed = close_month(yyyymm=yyyymm, now=clock.now(), checks=month_checks.registered())
        self.stdout.write(f"Closed at {closed.through_seq}:{closed.closing_hash.hex()}")

    def _check(self, yyyymm: int) -> None:
        findings = [finding for check in month_checks.registered() for finding in check(yyyymm)]
        if findings:
            raise ChecksFailed(findings)

    def _list(self, findings: tuple[str, ...]) -> None:
        for finding in findings:
            self.stdout.write(self.style.ERROR(f"- {finding}"))


def _write(path: str, content: bytes) -> None:
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise CommandError(f"The trial balance was not written: {error.strerror}.") from None


def _month(typed: str) -> int:
    try:
        first_day, _ = month_bounds(typed)
    except ValueError:
        raise CommandError(f"{typed} is not a month such as 2026-10.") from None
    return first_day.year * 100 + first_day.month
