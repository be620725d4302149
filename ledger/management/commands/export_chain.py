"""`manage.py export_chain --out FILE`: the sealed entries as JSON lines that scripts/verify-chain checks alone."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ledger.anchors import known_anchors
from ledger.chain import GENESIS
from ledger.contents import look_at_one_moment
from ledger.models import Seal
from ledger.progress import progress
from ledger.seal_checks import links


class Command(BaseCommand):
    help = "Write the chain of sealed entries for somebody to verify without Tassel (docs/chain.md)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a file that is not there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.exists():
            raise CommandError(f"{out} is there already: name a new file.")
        part = out.with_name(f"{out.name}.part")  # under its own name there is a whole export, or none
        try:
            with part.open("w", encoding="ascii", newline="\n") as file, transaction.atomic():
                look_at_one_moment()
                through = Seal.objects.count()
                for line in _lines(progress(self.stderr, through, "seals")):
                    file.write(json.dumps(line, separators=(",", ":")) + "\n")
            part.rename(out)
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}.") from None
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(f"{through} sealed entries written. Check them with: scripts/verify-chain {out}")


def _lines(tell: Callable[[int], None]) -> Iterator[dict[str, Any]]:
    """First what the file is, with the head and the anchors; then one line for each seal."""
    head = Seal.objects.order_by("-seq").first()
    yield {
        "format": "tassel-chain",
        "version": 1,
        "through_seq": head.seq if head else 0,
        "head": bytes(head.hash if head else GENESIS).hex(),
        "anchors": [{"seq": anchor.seq, "hash": anchor.hash.hex(), "name": anchor.name} for anchor in known_anchors()],
    }
    for link in links(tell):
        yield {
            "seq": link.seq,
            "prev": link.prev_hash.hex(),
            "hash": link.hash.hex(),
            # Whatever the bytes are, because changed ones are what somebody looks for here.
            "entry": link.canonical.decode("utf-8", "surrogateescape"),
        }
