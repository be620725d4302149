"""One clock, shared by a file, moved forward on demand; what falls due on the way happens at its own moment."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.events import emit
from tests.sandbox.conftest import Receiver, Shop


def test_the_file_holds_the_offset(tmp_path: Path) -> None:
    file = tmp_path / "shared" / "clock"

    clock = Clock(file)
    assert file.read_text() == "0"
    clock.advance_to(clock.now() + 3600)

    assert int(file.read_text()) == clock.offset_s == 3600
    assert abs(clock.now() - time.time() - 3600) < 2
    assert list(file.parent.iterdir()) == [file], "no temporary file is left"


def test_an_existing_file_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("-7948800\n")

    assert Clock(file).offset_s == -7_948_800


def test_never_backwards() -> None:
    clock = Clock()
    clock.advance_to(clock.now() + 100)

    clock.advance_to(clock.now() - 50)

    assert clock.offset_s == 100


@pytest.mark.parametrize(("in_file", "saved", "expected"), [("500", 300, 500), ("100", 300, 300), (None, -900, -900)])
def test_a_restored_clock_takes_the_later_time(tmp_path: Path, in_file: str | None, saved: int, expected: int) -> None:
    file = tmp_path / "clock"
    if in_file is not None:
        file.write_text(in_file)

    clock = Clock(file)
    clock.restore(saved)

    assert clock.offset_s == expected == int(file.read_text())


def test_the_door_tells_and_moves(shop: Shop) -> None:
    now = shop.box.ctx.now()

    moved = shop.door("clock", {"advance_s": 600})

    assert moved["offset_s"] == 600
    assert moved["now"] == pytest.approx(now + 600, abs=2)
    assert shop.door("clock", {"to": now + 1000})["now"] == pytest.approx(now + 1000, abs=2)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"advance_s": -1}, "advance_s"),
        ({"to": 1}, "to"),
        ({"advance_s": "soon"}, "advance_s"),
        ({"advance_s": True}, "advance_s"),
        ({"advance": 60}, "advance"),
        ({}, "advance_s"),
        ({"advance_s": 1, "to": 4_000_000_000}, "advance_s"),
    ],
)
def test_the_door_refuses(shop: Shop, body: dict[str, Any], param: str) -> None:
    before = shop.box.ctx.clock.offset_s

    answer = shop.door("clock", body)

    assert (answer["status"], answer["error"]["param"]) == (400, param)
    assert shop.box.ctx.clock.offset_s == before


def test_the_clock_is_set_only_while_empty(shop: Shop) -> None:
    past = int(time.time()) - 92 * 86_400
    assert shop.door("clock", {"set": past})["now"] == pytest.approx(past, abs=2)

    shop.stripe.v1.customers.create({"email": "a@example.org"})
    assert shop.door("clock", {"set": past})["status"] == 400

    assert shop.door("reset")["reset"] is True
    assert shop.door("clock", {"set": past})["status"] == 200


def test_things_happen_in_order_and_at_their_moment(shop: Shop) -> None:
    first = shop.session(expires_at=shop.box.ctx.now() + 3 * 3600)
    second = shop.session(expires_at=shop.box.ctx.now() + 2 * 3600)

    assert shop.advance(hours=5) == 2

    expired = shop.stripe.v1.events.list().data
    assert [event.data.object["id"] for event in expired] == [first.id, second.id], "newest first"
    assert expired[0].created == pytest.approx(first.expires_at, abs=2)
    assert expired[1].created == pytest.approx(second.expires_at, abs=2)


def test_a_step_can_wait_until_its_webhooks_are_delivered(listening_shop: Shop, receiver: Receiver) -> None:
    seen: list[tuple[str, int]] = []
    ctx = listening_shop.box.ctx
    soon, late = (listening_shop.session(expires_at=ctx.now() + hours * 3600) for hours in (1, 20))
    ctx.engine.advance(
        ctx.now() + 86_400,
        after_each=lambda: (ctx.deliverer.drain(5), seen.extend((event.id, ctx.now()) for event in receiver.events)),
    )

    told_at = dict(reversed(seen))
    expiries = [event for event in receiver.events if event.type == "checkout.session.expired"]
    assert len(expiries) == 2
    assert told_at[expiries[0].id] == pytest.approx(soon.expires_at, abs=3)
    assert told_at[expiries[1].id] == pytest.approx(late.expires_at, abs=3)


def test_one_broken_job_does_not_stop_the_others(shop: Shop) -> None:
    session = shop.session()
    shop.box.ctx.store.schedule(shop.box.ctx.now(), "renew", "sub_not_there")

    shop.advance(days=2)

    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_reset_keeps_the_webhook_address(listening_shop: Shop, receiver: Receiver) -> None:
    listening_shop.bought()
    listening_shop.door("drain", {"timeout_s": 5})
    before = len(receiver.events)

    listening_shop.door("reset")

    assert listening_shop.stripe.v1.checkout.sessions.list().data == []
    assert listening_shop.events() == []
    with listening_shop.box.ctx.store.lock:
        emit(listening_shop.box.ctx, "balance.available", {"object": "balance"})
    assert listening_shop.door("drain", {"timeout_s": 5})["drained"] is True
    assert len(receiver.events) == before + 1
