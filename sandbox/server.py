"""One running sandbox: assembled, listening, saved and restored."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.app import create_app
from sandbox.clock import Clock, write_atomically
from sandbox.context import Context
from sandbox.delivery import Deliverer
from sandbox.engine import Engine
from sandbox.events import fold_in_attempts
from sandbox.faults.api import ResetConnection
from sandbox.handlers.events import add_endpoint, tell_deliverer
from sandbox.mail import Mailbox
from sandbox.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HOST = "127.0.0.1"
STATE_FORMAT = 1
POLL_S = 0.1


@dataclass(frozen=True)
class Options:
    """How to run: port 0 takes a free one; `start_at` (unix seconds) counts only when there is no saved state."""

    port: int = 0
    smtp_port: int = 0
    state_dir: Path | None = None
    clock_file: Path | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    connect_webhook_url: str | None = None
    connect_webhook_secret: str | None = None
    start_at: int | None = None
    retry_base_s: float = 1.0
    settings: Settings = field(default_factory=Settings)


class Sandbox:
    """Start it in a process of its own (`python -m sandbox`) or in a thread of a test."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.ctx = ctx = Context(Clock(options.clock_file), settings=options.settings)
        ctx.deliverer = Deliverer(ctx.clock, [], ctx.attempts.put, retry_base_s=options.retry_base_s)
        ctx.mailbox = Mailbox(ctx.clock)
        ctx.engine = Engine(ctx)
        ctx.save = self.save
        self._server = _listen(options.port, create_app(ctx))
        self.port: int = self._server.port
        self.smtp_port = 0
        ctx.base_url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="sandbox-http", daemon=True
        )

    @property
    def url(self) -> str:
        """Where the API and the pages are."""
        return self.ctx.base_url

    def start(self) -> None:
        """Restore what was saved, then listen."""
        saved = self._saved()
        if saved is not None:
            self._restore(saved)
        elif self.options.start_at is not None:
            self.ctx.clock.set(self.options.start_at)
        self._point_webhooks()
        if saved is not None:
            # Only now: what waits must go to today's address, not to the one it was saved with.
            self.ctx.deliverer.load(saved["deliveries"])
        self.smtp_port = self.ctx.mailbox.start(self.options.smtp_port)
        self._thread.start()
        self.ctx.engine.start()

    def stop(self) -> None:
        """Take no more requests, end the threads, save."""
        self._server.shutdown()
        self._server.server_close()
        self.ctx.engine.stop()
        self.ctx.deliverer.stop()
        self.ctx.mailbox.stop()
        self.save()

    def save(self) -> str | None:
        """Write everything to state.json in one step; returns its path, or None without a state directory."""
        if self.options.state_dir is None:
            return None
        self.options.state_dir.mkdir(parents=True, exist_ok=True)
        path = self.options.state_dir / "state.json"
        with self.ctx.store.lock:
            fold_in_attempts(self.ctx)
            text = json.dumps(self._to_json())
        write_atomically(path, text)
        return str(path)

    def _to_json(self) -> dict[str, Any]:
        ctx = self.ctx
        return {
            "format": STATE_FORMAT,
            "base_url": ctx.base_url,
            "clock_offset_s": ctx.clock.offset_s,
            "settings": ctx.settings.to_json(),
            "store": ctx.store.to_json(),
            "idempotency": ctx.keys.to_json(),
            "deliveries": ctx.deliverer.to_json(),
            "mail": ctx.mailbox.to_json(),
        }

    def _saved(self) -> dict[str, Any] | None:
        path = self.options.state_dir / "state.json" if self.options.state_dir else None
        if path is None or not path.exists():
            return None
        saved: dict[str, Any] = json.loads(path.read_text())
        if saved.get("format") != STATE_FORMAT:
            raise ValueError(f"{path} was written by another version of the sandbox; remove it to start afresh.")
        return saved

    def _restore(self, saved: dict[str, Any]) -> None:
        """Take over everything that was saved but the deliveries, which need to know today's webhook address."""
        ctx = self.ctx
        ctx.clock.restore(saved["clock_offset_s"])
        ctx.settings = ctx.settings.changed(saved["settings"])
        ctx.store.load(saved["store"])
        ctx.keys.load(saved["idempotency"])
        ctx.mailbox.load(saved["mail"])
        self._rebase(saved["base_url"])

    def _rebase(self, old_url: str) -> None:
        """Open sessions keep a working address when the port has changed."""
        for session in self.ctx.store.all("checkout.session"):
            if session["url"] is not None:
                session["url"] = session["url"].replace(old_url, self.ctx.base_url, 1)

    def _point_webhooks(self) -> None:
        """Make the command line's endpoints those the command line made before, with today's addresses and secrets."""
        ctx, options = self.ctx, self.options
        wanted = (
            (False, options.webhook_url, options.webhook_secret),
            (True, options.connect_webhook_url, options.connect_webhook_secret),
        )
        with ctx.store.lock:
            for endpoint in ctx.store.all("webhook_endpoint"):
                if ctx.store.hidden(endpoint["id"]).get("from_command_line"):
                    ctx.store.remove("webhook_endpoint", endpoint["id"])
            for connect, url, secret in wanted:
                if url is not None and secret is not None:
                    endpoint = add_endpoint(ctx, url, secret, ["*"])
                    ctx.store.hidden(endpoint["id"]).update(connect=connect, from_command_line=True)
            tell_deliverer(ctx)


def _listen(port: int, app: Flask) -> BaseWSGIServer:
    # Bound here and handed over: werkzeug itself would end the process when the port is taken.
    with socket.create_server((HOST, port)) as listener:
        number = listener.getsockname()[1]
        return make_server(HOST, number, app, threaded=True, request_handler=_Handler, fd=listener.fileno())


class _Handler(WSGIRequestHandler):
    """HTTP/1.1 without a word on the terminal; no delay for small answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """A fault asked for a reset: no answer, no orderly end. Without lingering, closing sends RST instead of FIN."""
        if isinstance(error, ResetConnection):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
            self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Requests are not logged: the dashboard shows what matters."""
