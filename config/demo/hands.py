"""Petra prepares and Anton approves, signed in like everybody: no step of money is done by one person alone."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from config.demo.ground import Staff, team
from config.demo.local_stripe import LocalStripe
from config.demo.places import Places
from config.demo.visitor import DoorClosed, Visitor

WAIT_S = 60.0


class Hands:
    """Two members of staff with browsers, and the secrets of their authenticator apps."""

    def __init__(self, places: Places, stripe: LocalStripe) -> None:
        self.stripe = stripe
        self.petra, self.anton = Visitor(places.web), Visitor(places.web)
        self._secrets: dict[Visitor, str] = {}

    def sign_in(self) -> None:
        petra, anton, _ = team()
        self._secrets = {self.petra: petra.secret, self.anton: anton.secret}
        self._sign_in(self.petra, petra)
        self._sign_in(self.anton, anton)

    def _sign_in(self, visitor: Visitor, staff: Staff) -> None:
        visitor.get("/account/login/code/")
        visitor.post("/account/login/code/", {"email": staff.email})
        until = time.monotonic() + WAIT_S
        while not (code := self.stripe.newest_code(staff.email)):
            if time.monotonic() > until:
                raise DoorClosed(f"No sign-in code reached {staff.email}.")
            time.sleep(0.1)
        visitor.post("/account/login/code/confirm/", {"code": code})
        landed = visitor.post("/account/2fa/authenticate/", {"code": _second_factor(staff.secret)})
        if "/account/" in landed.url:
            raise DoorClosed(f"{staff.email} could not sign in.")

    def confirmed(self, visitor: Visitor, path: str, form: dict[str, str]) -> None:
        """A step with money: where the second factor is asked for once more, it is shown, and the form goes on."""
        landed = visitor.post(path, form)
        if "/account/2fa/reauthenticate/" in landed.url:
            code = _second_factor(self._secrets[visitor])
            landed = visitor.post("/account/2fa/reauthenticate/", {"code": code, "next": path})
        if "/account/" in landed.url:
            raise DoorClosed(f"{path} was not confirmed.")


def _second_factor(secret: str) -> str:
    """What the authenticator app shows now; a code about to end would be refused."""
    if time.time() % 30 > 25:
        time.sleep(30 - time.time() % 30)
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))
