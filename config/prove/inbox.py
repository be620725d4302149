"""What the inbox holds while the storm goes through it, and when it has come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.db.models import Count, QuerySet

from config.prove.faults import POISON
from payments.models import StripeEvent
from payments.operations.receive_event import TASK
from people import clock
from people.wake import wake

LOOK_S: Final = 1.0


class NoRest(Exception):
    """Events were still due, or in somebody's hands, after all the time that they were given."""


def counts() -> dict[str, int]:
    """Events by state."""
    return dict(StripeEvent.objects.values_list("state").annotate(number=Count("id")))


def wait_for_rest(say: Callable[[str], None], *, within_s: float) -> None:
    """Until every event has had its effect or waits because it failed, and nobody works on one. Raises NoRest.

    An event that failed is due again after 5 s, 10 s and so on up to 15 minutes, ten times: half an hour until poison
    is dead. Nobody has to wait for that, see `try_again`.
    """
    _wait(lambda: _received().filter(failures=0), say, within_s)


def let_poison_die(say: Callable[[str], None], *, within_s: float) -> None:
    """Its ten tries, without the time between them. Raises NoRest."""
    _wait(lambda: _received().filter(object_id=POISON), say, within_s, hurried=True)


def try_again(say: Callable[[str], None], *, within_s: float) -> None:
    """What waits because it failed is due now, as it will be by itself later. Raises NoRest."""
    _wait(_received, say, within_s, hurried=True)


def _received() -> QuerySet[StripeEvent]:
    return StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED)


def _wait(
    left: Callable[[], QuerySet[StripeEvent]], say: Callable[[str], None], within_s: float, *, hurried: bool = False
) -> None:
    until = time.monotonic() + within_s
    while left().exists():
        if time.monotonic() > until:
            raise NoRest(f"{left().count()} events after {within_s:.0f} s, such as {left().first()}")
        if hurried and left().filter(failures__gt=0, lease_until=None).update(next_attempt_at=clock.wall_now()):
            wake(TASK)
        say(f"inbox {counts()}")
        time.sleep(LOOK_S)
