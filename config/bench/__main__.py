"""`python -m config.bench ledger`, `webhooks` or `bank`: measure, and say what misses its promise (scripts/bench)."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys

from config.bench.sizes import FULL, QUICK


def main() -> int:
    """Exit code 0 when it has measured, whatever the figures are: a busy machine is no failure."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="How fast Tassel is, held against plain SQL")
    parser.add_argument("what", choices=["ledger", "webhooks", "bank"])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the report")
    parser.add_argument("--quick", action="store_true", help="a tiny run that shows that it works; no figure counts")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the databases of this run are dropped

    import django  # noqa: PLC0415 - the settings are named above

    django.setup()
    logging.getLogger("ledger").setLevel(logging.ERROR)  # each close is told to the log, and dozens are closed
    from config.bench import bank, ledger, webhooks  # noqa: PLC0415 - needs the apps
    from config.bench.content import missed  # noqa: PLC0415

    bench = {"ledger": ledger, "webhooks": webhooks, "bank": bank}[asked.what]
    found = bench.measure(QUICK if asked.quick else FULL)
    if asked.json:
        sys.stdout.write(json.dumps({name: round(figure, 3) for name, figure in found.items()}) + "\n")
        return 0
    sys.stdout.writelines(f"{name:28}{figure:>12,.2f}\n" for name, figure in found.items())
    if not asked.quick:
        sys.stdout.writelines(f"missed: {sentence}\n" for sentence in missed(found, bench.AT_LEAST, bench.AT_MOST))
    return 0


if __name__ == "__main__":
    sys.exit(main())
