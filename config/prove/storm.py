"""`scripts/prove webhooks`: events go wrong in every way while the worker is killed; no cent is lost."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from datetime import timedelta
from typing import Final

from django.core.management import call_command
from django.db import connections

from config.bench.givers import ControlDoor
from config.prove import account, answers, faults, inbox
from config.prove.deeds import Town
from config.prove.ground import Stage
from config.prove.killing import MortalWorker
from config.prove.telling import Say, Silent, say
from payments import gateway, registry
from payments.operations.reconcile import Finding, Report, reconcile
from people import clock

DAYS_BEFORE: Final = 45  # so that plans renew, or fail to until Stripe ends them
STEPS: Final = 2  # in each of them Stripe lists all that happened before it
KILL_EVERY_S: Final = 20.0
BESIDE: Final = 0.15  # of all facts happen while the storm is under way
COME_AT_ONCE: Final = 40
DRAIN_S: Final = 3


def prove(stage: Stage, *, size: int, seed: int, progress: Say) -> bool:
    """`size` deliveries; whether nothing was lost, double or forged, and every balance agrees. Stops the stage."""
    try:
        return _Storm(stage, seed, progress).blow(size)
    except inbox.NoRest as trouble:
        say(f"no rest: {trouble}")
        return False
    finally:
        connections.close_all()
        stage.stop()


def sentence(finding: Finding) -> str:
    """One thing that was not whole, in words."""
    return f"{finding.kind} {finding.object_id} {finding.trouble or dict(finding.changed)}"


class _Storm:
    def __init__(self, stage: Stage, seed: int, progress: Say) -> None:
        logging.disable(logging.ERROR)  # of this process: what did not work is a row, and told at the end
        self._stage, self._seed, self._progress = stage, seed, progress
        self._began_at = clock.wall_now() - timedelta(days=DAYS_BEFORE)
        stage.start_stripe(at=self._began_at)
        call_command("prepare", stdout=Silent())
        self._door = ControlDoor(stage.places.sandbox)
        self._door.post("webhooks", {"paused": True})
        stage.register_webhook(sorted(registry.types_read()))
        self._town = Town(self._door, seed=seed, days=DAYS_BEFORE)
        self._facts_before = 0
        self._told_of: dict[str, str] = {}

    def blow(self, size: int) -> bool:
        wanted = math.ceil(size / faults.DELIVERIES_EACH)
        self._door.post("faults", faults.plan(self._seed, facts=wanted, held=True))
        self._happen(math.ceil(wanted * (1 - BESIDE) / 2))
        for _ in range(STEPS):
            self._remember()
            self._pass_days((DAYS_BEFORE - 1) // STEPS)
        self._happen(math.ceil(wanted * (1 - BESIDE)))
        self._stage.start_product()
        with MortalWorker(self._stage.worker, every_s=KILL_EVERY_S) as worker:
            began = time.monotonic()
            self._release(wanted)
            self._happen(wanted)
            self._pass_days(1)
            self._facts_before += self._facts()
            self._door.post("faults", {"webhooks": []})
            while not self._door.post("drain", {"timeout_s": DRAIN_S})["drained"]:
                self._progress(f"delivering; inbox {inbox.counts()}")
            delivered_s = time.monotonic() - began
            self._rest(worker)
            self._remember()
            self._reconcile_twice()
        return self._tell(worker.deaths, delivered_s)

    def _happen(self, wanted: int) -> None:
        """Facts until there are so many in all."""
        while self._facts_before + self._facts() < wanted:
            missing = wanted - self._facts_before - self._facts()
            visits = min(COME_AT_ONCE, math.ceil(missing / 4))
            self._town.come(visits)
            self._town.regret(visits // 4)
            self._door.post("settle")
            self._progress(f"{self._facts_before + self._facts()} of {wanted} facts have happened")

    def _pass_days(self, days: int) -> None:
        self._door.post("clock", {"advance_s": days * 86_400})

    def _release(self, wanted: int) -> None:
        """All that was held back goes out in an order of its own; what happens from now on is shuffled in parts."""
        self._facts_before += self._facts()
        self._door.post("faults", faults.plan(self._seed + 1, facts=wanted, held=False))
        self._door.post("webhooks", {"paused": False})

    def _facts(self) -> int:
        """How many events were made for us under the present plan, the first rule of which meets them all."""
        return int(self._door.get("faults")["webhooks"][0]["matched"])

    def _rest(self, worker: MortalWorker) -> None:
        """All that can be done is done, by workers that die before they end; then one may live."""
        began = time.monotonic()
        inbox.wait_for_rest(self._progress)
        self._rested_s = time.monotonic() - began
        worker.spare()

    def _reconcile_twice(self) -> None:
        inbox.let_poison_die(self._progress)
        self._waiting = inbox.counts().get("received", 0)
        self._first = self._reconcile(repair=True)
        inbox.try_again(self._progress)
        self._second = self._reconcile(repair=False)

    def _reconcile(self, *, repair: bool) -> Report:
        now = clock.now()
        return reconcile(
            since=self._began_at - timedelta(days=1),
            until=now + timedelta(days=1),
            repair=repair,
            now=now,
            progress=lambda kind, number: self._progress(f"reconcile: {number} {kind}"),
        )

    def _tell(self, deaths: int, delivered_s: float) -> bool:
        injected = Counter(self._door.get("faults")["counts"]["webhooks"])
        told, found = answers.read(self._stage.access_log), account.take(self._door)
        poison, again = self._poisoned(), {finding.object_id for finding in self._first.findings}
        say(
            f"{told.number} deliveries of {self._facts_before} facts in {delivered_s:.0f} s; of the facts"
            f" {injected[faults.DROPPED]} were never told, {injected[faults.POISONED]} told as poison,"
            f" {injected[faults.OLD]} in an old shape; {injected[faults.FORGED]} forgeries;"
            f" the worker was killed {deaths} times"
        )
        say(f"answers {dict(told.by_status)}, p50 {told.p50_ms:.0f} ms, p99 {told.p99_ms:.0f} ms")
        say(f"at rest {self._rested_s:.0f} s after the last delivery, in the end {inbox.counts()}")
        say(f"first reconcile: of {self._first.looked_at} {len(again)} were not whole")
        say(f"second reconcile: {len(self._second.findings)} {' | '.join(map(sentence, self._second.findings[:5]))}")
        say(f"of the poisoned facts {len(poison - again)} were whole by other events, {len(poison & again)} made whole")
        say(f"{self._waiting} events had to wait for what only the reconcile found")
        say(f"objects at Stripe {found.objects}")
        for name, rows in found.wrong.items():
            say(f"{name}: {len(rows)} {' | '.join(rows[:5])}".rstrip())
        refused = told.number - told.by_status[200]
        whole = found.holds and not self._second.findings
        return whole and refused == told.by_status[400] == injected[faults.FORGED]

    def _remember(self) -> None:
        """What each event is about, while Stripe lists it (30 days): what is told of it may be poison."""
        for page in gateway.client().event_pages(since=self._began_at, until=clock.now() + timedelta(days=1)):
            self._told_of |= {event.id: event.data.object["id"] for event in page}

    def _poisoned(self) -> set[str]:
        """The objects that poison stood for."""
        return {self._told_of[row["event"]] for row in account.injected(self._door, faults.POISONED)}
