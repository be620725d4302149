"""`python -m config.prove NAME --size N`: prove, and end with 1 when it does not hold. `scripts/prove` calls it."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from config.prove import suite
from config.prove.ground import Stage, own_database
from config.prove.telling import Progress, say

WEBHOOKS: Final = "webhooks"
DELIVERIES: Final = 20_000


def main() -> int:
    """Exit code 0 when it holds, 1 when it does not, 2 for what cannot be asked."""
    asked = _asked()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what this run made is taken away
    began = time.monotonic()
    if asked.name == WEBHOOKS:
        size = asked.size or DELIVERIES
        say(f"webhooks: {size} deliveries, seed {asked.seed}")
        holds = _webhooks(size, asked.seed)
    else:
        proof = suite.PROOFS[asked.name]
        size = asked.size or proof.full
        say(f"{asked.name}: {size} {proof.counts}, seed {asked.seed}")
        holds = suite.prove(proof, size=size, seed=asked.seed)
    took_s = time.monotonic() - began
    say(f"{asked.name} {'HOLDS' if holds else 'DOES NOT HOLD'}: size {size}, seed {asked.seed}, {took_s:.0f} s")
    return 0 if holds else 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/prove", description="Long proofs, of any size")
    parser.add_argument("name", choices=[WEBHOOKS, *suite.PROOFS])
    sizes = [f"{WEBHOOKS}: {DELIVERIES} deliveries"]
    sizes += [f"{name}: {proof.full} {proof.counts}" for name, proof in suite.PROOFS.items()]
    parser.add_argument("--size", type=_at_least_one, help=f"without it, {'; '.join(sizes)}")
    parser.add_argument("--seed", type=int, default=1, help="the same draws again (1)")
    return parser.parse_args()


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a number from 1 on")
    return number


def _webhooks(size: int, seed: int) -> bool:
    with own_database(), tempfile.TemporaryDirectory(prefix="tassel-prove-") as folder:
        stage = Stage(Path(folder))  # sets the environment that the settings read
        import django  # noqa: PLC0415

        django.setup()
        from config.prove import storm  # noqa: PLC0415 - needs the apps

        return storm.prove(stage, size=size, seed=seed, progress=Progress())


if __name__ == "__main__":
    sys.exit(main())
