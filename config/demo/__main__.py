"""`python -m config.demo`: start everything, restore or play three months, say where to look, stay up until Ctrl-C.

`scripts/demo` calls it with DATABASE_URL naming the embedded server.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from datetime import timedelta
from types import FrameType

from config.demo.places import ROOT, Places
from config.demo.processes import ProcessEnded, Supervisor
from config.demo.story import DAYS
from config.demo.visitor import DoorClosed


class AskedToStop(Exception):
    """SIGTERM or Ctrl-C."""


def main() -> int:
    """Exit code 0 after Ctrl-C, 1 when something could not be started or ended by itself."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="Tassel with a local Stripe and three months in it"
    )
    parser.add_argument("--replay", action="store_true", help="play the months again instead of restoring them")
    parser.add_argument("--once", action="store_true", help="stop as soon as everything is ready (for measuring)")
    parser.add_argument("--days", type=int, default=DAYS, metavar="N", help="play only the last N days (for tests)")
    options = parser.parse_args()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, _stop)
    began = time.monotonic()
    places = Places.choose(ROOT / ".tassel" / "demo")
    os.environ.update(places.environment())
    supervisor = Supervisor()
    try:
        _raise_stage(places, supervisor, days=options.days, replay=options.replay)
        _say(f"\nReady after {time.monotonic() - began:.0f} seconds.\n{_where_to_look(places)}")
        while not options.once:
            supervisor.check()
            time.sleep(0.5)
    except AskedToStop:
        _say("\nStopping.")
    except (ProcessEnded, TimeoutError, DoorClosed) as problem:
        _say(f"\nThe demo stopped: {problem}")
        return 1
    finally:
        supervisor.stop()
    return 0


def _raise_stage(places: Places, supervisor: Supervisor, *, days: int, replay: bool) -> None:
    """Restore the finished play or play it, and leave everything running."""
    import django  # noqa: PLC0415 - the environment had to be set first

    django.setup()
    logging.disable(logging.INFO)  # of the player itself; the processes that it starts log into files
    from config.demo import restore  # noqa: PLC0415

    if not replay and restore.is_saved(places):
        _say("Restoring the finished demo.")
        restore.restore(places)
        _run(places, supervisor)
        return
    restore.clear(places)
    _play(places, supervisor, days)
    _say("Keeping the finished demo for the next start.")
    supervisor.stop()
    restore.save(places)
    _run(places, supervisor)


def _play(places: Places, supervisor: Supervisor, days: int) -> None:
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from config.demo import ground, story  # noqa: PLC0415
    from config.demo.player import Player  # noqa: PLC0415
    from people import clock  # noqa: PLC0415

    start_at = clock.wall_now().replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(days=days)
    _say("Preparing the database.")
    _start_sandbox(places, supervisor, "--start-at", start_at.isoformat())
    call_command("prepare", stdout=_Silent())
    ground.lay(days)
    connections.close_all()
    _start_product(places, supervisor)
    visits = [visit for visit in story.write() if visit.day < days]
    _say(f"Playing {days} days: {len(visits)} visits by people with browsers.")
    Player(places, supervisor, _progress).play(visits, days)
    connections.close_all()


def _run(places: Places, supervisor: Supervisor) -> None:
    _start_sandbox(places, supervisor)
    _start_product(places, supervisor)


def _start_sandbox(places: Places, supervisor: Supervisor, *more: str) -> None:
    address, secret = f"{places.web}/stripe/webhook", os.environ["STRIPE_WEBHOOK_SECRET"]
    connected = ("--connect-webhook-url", address, "--connect-webhook-secret", secret)
    webhook = ("--webhook-url", address, "--webhook-secret", secret, *connected)
    ports = ("--port", str(places.sandbox_port), "--smtp-port", str(places.smtp_port))
    kept = ("--state", str(places.sandbox_state), "--clock-file", str(places.clock_file))
    places.sandbox_state.mkdir(parents=True, exist_ok=True)
    supervisor.start(places.process("sandbox", "sandbox", *ports, *kept, *webhook, *more))
    supervisor.wait_for(f"{places.sandbox}/_sandbox/health")


def _start_product(places: Places, supervisor: Supervisor) -> None:
    """The worker before whoever sends it work: both lay the broker's queue, and two that do so at once may trip."""
    worker = ("celery", "-A", "config.celery", "worker", "--concurrency", "2", "--loglevel", "INFO")
    supervisor.start(places.process("worker", *worker, "--without-gossip", "--without-mingle"))
    bind = f"127.0.0.1:{places.web_port}"
    size = ("--workers", "2", "--threads", "4", "--timeout", "60")
    supervisor.start(places.process("web", "gunicorn", "config.wsgi", "--bind", bind, *size, "--no-control-socket"))
    supervisor.wait_for(f"{places.web}/health/ready")
    supervisor.start(places.process("beat", "celery", "-A", "config.celery", "beat", "--loglevel", "INFO"))


def _where_to_look(places: Places) -> str:
    from config.demo.ground import team  # noqa: PLC0415

    staff = "\n".join(
        f"    {member.email:<24} {', '.join(member.roles)}\n    {'':<24} second factor: {member.secret}"
        for member in team()
    )
    return f"""
  The site              {places.web}/
  All mail it sent      {places.sandbox}/mail     (sign-in codes arrive here)
  The local Stripe      {places.sandbox}/         (its clock can be moved there)
  The desk of finance   {places.web}/desk/
  Records               {places.web}/console/
  The API               {places.web}/api/v1/docs

  Buy something: any test card on the payment page, such as 4242 4242 4242 4242.
  Sign in at {places.web}/account/login/ with an address below, then the code from the mail. The second factor is six
  figures from an authenticator app: give it the secret below.
{staff}

  Ctrl-C stops everything. The next start takes seconds; scripts/demo --replay plays the months again.
"""


def _progress(done: int, total: int, words: str) -> None:
    if sys.stdout.isatty():
        filled = 40 * done // total
        sys.stdout.write(f"\r  [{'=' * filled}{' ' * (40 - filled)}] {words:<24}")
    elif done % 10 == 0 or done == total:
        sys.stdout.write(f"  day {done} of {total}: {words}\n")
    sys.stdout.flush()


class _Silent:
    """Takes what a command would print."""

    def write(self, words: str) -> int:
        return len(words)

    def flush(self) -> None:
        return


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _stop(sign: int, frame: FrameType | None) -> None:
    raise AskedToStop


if __name__ == "__main__":
    sys.exit(main())
