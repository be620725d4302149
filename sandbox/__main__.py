"""`python -m sandbox`: run a local Stripe until SIGTERM or Ctrl-C. One line of JSON says when it is ready."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from sandbox.server import Options, Sandbox


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; 0 after an orderly end, 1 with one sentence when it cannot start."""
    options = _options(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        sandbox = Sandbox(options)
        sandbox.start()
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"The sandbox cannot start: {problem}\n")
        return 1
    ready = {"ready": True, "port": sandbox.port, "smtp_port": sandbox.smtp_port, "pid": os.getpid()}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    stopped.wait()
    sandbox.stop()
    return 0


def _options(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=12111, help="HTTP port; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, default=12125, help="mail port; 0 takes a free one")
    parser.add_argument("--state", type=Path, help="directory of state.json, read at the start, written at the end")
    parser.add_argument("--clock-file", type=Path, help="file that holds the clock's offset for those who share it")
    parser.add_argument("--webhook-url", help="where events go")
    parser.add_argument("--webhook-secret", help="whsec_… that signs them")
    parser.add_argument("--connect-webhook-url", help="where events of connected accounts go")
    parser.add_argument("--connect-webhook-secret", help="whsec_… that signs those")
    parser.add_argument("--start-at", type=_moment, help="ISO time of the clock when there is no saved state")
    parser.add_argument("--retry-base-s", type=float, default=1.0, help="seconds before a delivery's second attempt")
    given = parser.parse_args(arguments)
    if bool(given.webhook_url) != bool(given.webhook_secret):
        parser.error("--webhook-url and --webhook-secret belong together")
    if bool(given.connect_webhook_url) != bool(given.connect_webhook_secret):
        parser.error("--connect-webhook-url and --connect-webhook-secret belong together")
    return Options(
        port=given.port,
        smtp_port=given.smtp_port,
        state_dir=given.state,
        clock_file=given.clock_file,
        webhook_url=given.webhook_url,
        webhook_secret=given.webhook_secret,
        connect_webhook_url=given.connect_webhook_url,
        connect_webhook_secret=given.connect_webhook_secret,
        start_at=given.start_at,
        retry_base_s=given.retry_base_s,
    )


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("give an ISO time such as 2026-08-22T09:00:00+00:00") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


if __name__ == "__main__":
    raise SystemExit(main())
