"""The sandbox as a test holds it: one process for each worker, emptied between tests."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
READY_S, ANSWER_S, STEP_S = 30, 60, 5


class LocalStripe:
    """A running sandbox. Its clock and its mail are shared with the product through the `sandbox` fixture."""

    def __init__(self, *, folder: Path, webhook_url: str, webhook_secret: str) -> None:
        """Start it with its state and clock in `folder`; raises AssertionError with its last words."""
        self.clock_file = folder / "clock"
        self.webhook_secret = webhook_secret
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0"),
                *("--state", str(folder), "--clock-file", str(self.clock_file)),
                *("--webhook-url", webhook_url, "--webhook-secret", webhook_secret, "--retry-base-s", "0.2"),
            ],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        ready = self._first_line()
        self.url = f"http://127.0.0.1:{ready['port']}"
        self.smtp_port: int = ready["smtp_port"]
        self._http = requests.Session()
        self._http.trust_env = False
        self._paused = False

    def _first_line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        heard, _, _ = select.select([self._process.stdout], [], [], READY_S)
        line = self._process.stdout.readline() if heard else ""
        if not line:
            self._process.kill()
            self._process.wait()
            self._log.seek(0)
            raise AssertionError(f"The sandbox did not start: {self._log.read()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.post(f"{self.url}/_sandbox/{path}", json=body or {}, timeout=ANSWER_S)
        assert answer.ok, f"/_sandbox/{path} answered {answer.status_code}: {answer.text}"
        return dict(answer.json() if answer.content else {})

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        answer = self._http.get(f"{self.url}/{path}", params=query, timeout=ANSWER_S)
        assert answer.ok, f"/{path} answered {answer.status_code}: {answer.text}"
        return dict(answer.json())

    def reset(self) -> None:
        """No objects, no mail, no pending deliveries, wall time again, webhooks held back."""
        self.pause_webhooks()
        self._post("reset")
        self._post("clock", {"set": int(time.time())})

    def advance(self, **length: float) -> None:
        """Move the shared clock forward, as `timedelta` takes it.

        Whatever falls due happens on the way; webhooks that are let through arrive before the next step.
        """
        body = {"advance_s": int(timedelta(**length).total_seconds())}
        self._post("clock", body | ({} if self._paused else {"drain_timeout_s": STEP_S}))

    def settle(self) -> None:
        """Give every charge that waits for one its balance transaction now."""
        self._post("settle")

    def do(self, path: str, **body: Any) -> dict[str, Any]:
        """Anything else at the control door, such as `do("payouts")` (sandbox/README.md "For programs")."""
        return self._post(path, body)

    def pause_webhooks(self) -> None:
        self._paused = self._post("webhooks", {"paused": True})["paused"]

    def resume_webhooks(self) -> None:
        self._paused = self._post("webhooks", {"paused": False})["paused"]

    def drain(self, timeout_s: float = 20, *, expect: bool = True) -> None:
        """Wait until no delivery is pending, or with `expect=False` see that some stay so."""
        assert self._post("drain", {"timeout_s": timeout_s})["drained"] is expect

    def resend(self, event_id: str) -> None:
        self._post(f"deliveries/{event_id}/resend")

    def deliveries(self) -> list[dict[str, Any]]:
        """Every attempt to deliver a webhook, as the sandbox logged it."""
        return list(self._get("_sandbox/deliveries")["data"])

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """What the product sent, newest first."""
        return list(self._get("mail.json", **({"to": to} if to else {}))["messages"])

    def fail_refund(self, refund_id: str) -> None:
        """The payer's bank sends a refund back."""
        self._post(f"refunds/{refund_id}/fail")

    def succeed_refund(self, refund_id: str) -> None:
        self._post(f"refunds/{refund_id}/succeed")

    def dispute(self, charge_id: str, **about: Any) -> str:
        """The payer's bank takes a charge back: `amount`, `reason`, `inquiry`, `fee` as the control door has them."""
        return str(self._post(f"charges/{charge_id}/dispute", about)["id"])

    def close_dispute(self, dispute_id: str, outcome: str) -> None:
        """The bank decides: won, lost or warning_closed."""
        self._post(f"disputes/{dispute_id}/close", {"outcome": outcome})

    def escalate_dispute(self, dispute_id: str) -> None:
        self._post(f"disputes/{dispute_id}/escalate")

    def appeal_dispute(self, dispute_id: str) -> None:
        self._post(f"disputes/{dispute_id}/appeal")
