"""What the inbox holds while the storm goes through it, and when it has come to rest."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

from django.db.models import Count, QuerySet

from config.prove.faults import POISON
from config.prove.telling import Say
from payments.models import StripeEvent
from payments.operations.receive_event import TASK
from people import clock
from people.wake import wake

LOOK_S: Final = 1.0
STUCK_AFTER_S: Final = 600.0  # a killed worker's event is free again after 75 s, its message after 300 s


class NoRest(Exception):
    """For a long time nothing that was to be done became less."""


def counts() -> dict[str, int]:
    """Events by state."""
    return dict(StripeEvent.objects.values_list("state").annotate(number=Count("id")))


def wait_for_rest(say: Say) -> None:
    """Until every event has had its effect or waits because it failed, and nobody works on one. Raises NoRest.

    An event that failed is due again after 5 s, 10 s and so on up to 15 minutes, ten times: half an hour until poison
    is dead. Nobody has to wait for that, see `try_again`.
    """
    _wait(lambda: _received().filter(failures=0), say)


def let_poison_die(say: Say) -> None:
    """Its ten tries, without the time between them. Raises NoRest."""
    _wait(lambda: _received().filter(object_id=POISON), say, hurried=True)


def try_again(say: Say) -> None:
    """What waits because it failed is due now, as it will be by itself later. Raises NoRest."""
    _wait(_received, say, hurried=True)


def _received() -> QuerySet[StripeEvent]:
    return StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED)


def _wait(left: Callable[[], QuerySet[StripeEvent]], say: Say, *, hurried: bool = False) -> None:
    least, since = sys.maxsize, time.monotonic()
    while number := left().count():
        if number < least:
            least, since = number, time.monotonic()
        elif time.monotonic() - since >= STUCK_AFTER_S:
            raise NoRest(f"{number} events for {STUCK_AFTER_S:.0f} s, such as {left().first()}")
        if hurried and left().filter(failures__gt=0, lease_until=None).update(next_attempt_at=clock.wall_now()):
            wake(TASK)
        say(f"inbox {counts()}")
        time.sleep(LOOK_S)
