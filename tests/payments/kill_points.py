"""A process is killed at a named point around a call to Stripe; what is left of it is swept, and has one outcome.

The child is forked from the warm test process and killed by SIGKILL, as a crash or the machine's memory guard would.
Only the child is changed: the product knows nothing of these points.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, Final
from unittest import mock

from django.db import connections

from payments import gateway, tasks
from payments.models import Charge, StripeCall
from payments.operations import (
    cancel_subscription,
    expire_checkout,
    follow_object,
    make_account,
    make_call,
    make_transfer,
    mark_subscription,
    open_checkout,
    refund_charge,
)
from people import clock
from tests import asked

TIMES: Final = asked.size(2)  # rounds of each point; 20 when asked to prove it


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _and_die(work: Callable[..., Any]) -> Callable[..., None]:
    def worked(*arguments: Any, **named: Any) -> None:
        work(*arguments, **named)
        _die()

    return worked


CALLERS: Final = (
    open_checkout,
    expire_checkout,
    refund_charge,
    make_transfer,
    make_account,
    cancel_subscription,
    mark_subscription,
)
# name -> (where, what is replaced there, by what)
POINTS: Final[Mapping[str, list[tuple[Any, str, Callable[..., Any]]]]] = {
    "before row": [(module, "intend_call", _die) for module in CALLERS],
    "after row": [(make_call, "_sending", _die)],
    "before call": [(gateway.Gateway, "change", _die)],
    "after call": [(gateway.Gateway, "change", _and_die(gateway.Gateway.change))],
    "before commit": [(make_call, "_finish", _and_die(make_call._finish))],
    "after commit": [(module, "make_call", _and_die(make_call.make_call)) for module in CALLERS],
}


# Around the answer of a refund and what follows from it in our rows and books.
RETURN_POINTS: Final[Mapping[str, list[tuple[Any, str, Callable[..., Any]]]]] = {
    **POINTS,
    "before applied": [(refund_charge, "follow_object", _die)],
    "while applied": [(follow_object, "_tell", _and_die(follow_object._tell))],
    "after applied": [(refund_charge, "follow_object", _and_die(follow_object.follow_object))],
}

# An account was refused, and whoever asked for it does not know.
ACCOUNT_POINTS: Final[Mapping[str, list[tuple[Any, str, Callable[..., Any]]]]] = {
    **POINTS,
    "before told": [(make_account, "apply_fact", _die)],
}


def killed_at(point: str, work: Callable[[], object], points: Mapping[str, Any] = RETURN_POINTS) -> None:
    """Do the work in a child that dies at this one of the points; AssertionError when it lived through it."""
    connections.close_all()  # a child must not end its parent's session with the server
    child = os.fork()
    if child == 0:
        try:
            gateway._gateway.cache_clear()
            with ExitStack() as patched:
                for where, name, instead in points[point]:
                    patched.enter_context(mock.patch.object(where, name, instead))
                work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"nobody was killed {point}"


def swept() -> None:
    """The sweep comes by when every lease and wait that the dead left is over."""
    StripeCall.objects.update(next_attempt_at=clock.wall_now() - timedelta(seconds=1))
    Charge.objects.update(asked_at=None)
    tasks.sweep()
