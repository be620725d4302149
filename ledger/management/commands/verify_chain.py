"""`manage.py verify_chain`: check that history is as it was sealed, against anchors from inside and outside."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ledger.anchors import known_anchors
from ledger.chain import Anchor, faults
from ledger.contents import look_at_one_moment
from ledger.invariants import entries_are_as_posted
from ledger.models import Seal
from ledger.progress import progress
from ledger.seal_checks import links, queue_is_whole, seals_are_over_their_entries

FAULTS_MAX: Final = 50
_ANCHOR: Final = re.compile(r"(\d{1,10}):([0-9a-fA-F]{64})")


def anchor_from_outside(text: str) -> Anchor:
    """An anchor as a mail gives it, "1234:9f…" with 64 hex digits; raises ArgumentTypeError."""
    parts = _ANCHOR.fullmatch(text)
    if parts is None or not int(parts[1]):
        raise ArgumentTypeError(f"{text!r} is not an anchor such as 1234:9f86… (64 hex digits)")
    return Anchor(int(parts[1]), bytes.fromhex(parts[2]), f"the anchor {parts[1]}:{parts[2][:8]}… that you gave")


class Command(BaseCommand):
    help = "Check the chain of seals, its anchors, and that each entry is what was sealed."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            type=anchor_from_outside,
            action="append",
            default=[],
            metavar="SEQ:HASH",
            help="what a mail or a statement said; only such copies show that all of the chain was written again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            look_at_one_moment()
            head = Seal.objects.order_by("-seq").first()
            through = head.seq if head else 0
            anchors = [*known_anchors(), *options["anchor"]]
            found = list(islice(_all_faults(anchors, progress(self.stderr, through, "seals")), FAULTS_MAX + 1))
        for fault in found[:FAULTS_MAX]:
            self.stdout.write(self.style.ERROR(f"WRONG  {fault}"))
        if found:
            more = "more than " if len(found) > FAULTS_MAX else ""
            raise CommandError(f"The chain does not hold: {more}{len(found[:FAULTS_MAX])} found.")
        self.stdout.write(f"The chain holds: {through} sealed entries.")
        if head is not None:
            self.stdout.write(f"Head: {head.seq}:{bytes(head.hash).hex()}")
        self.stdout.write(_what_is_not_anchored(through, anchors))


def _all_faults(anchors: list[Anchor], tell: Callable[[int], None]) -> Iterator[str]:
    yield from faults(links(tell), anchors)
    yield from seals_are_over_their_entries()
    yield from entries_are_as_posted()
    yield from queue_is_whole()


def _what_is_not_anchored(through: int, anchors: list[Anchor]) -> str:
    last = max(reversed(anchors), key=lambda anchor: anchor.seq, default=None)
    if last is None or not last.seq:
        return "There is no anchor yet: that nobody wrote all of it again cannot be shown."
    rest = through - last.seq
    after = f"the {rest} after it are not anchored yet" if rest else "nothing comes after it"
    return f"Anchored up to {last.seq}, {last.name}; {after}."
