"""Where the demo keeps its things, and the environment that its processes get."""

from __future__ import annotations

import json
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from config.demo.processes import Process, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
WEB_PORT, SANDBOX_PORT, SMTP_PORT = 8000, 12111, 12125


@dataclass(frozen=True)
class Places:
    """The demo's folder and ports. Everything it writes lies below `folder`."""

    folder: Path
    web_port: int
    sandbox_port: int
    smtp_port: int

    @classmethod
    def choose(cls, folder: Path) -> Places:
        """The usual ports where they are free, others where somebody is there already."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, free_port(WEB_PORT), free_port(SANDBOX_PORT), free_port(SMTP_PORT))

    @property
    def web(self) -> str:
        return f"http://localhost:{self.web_port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def clock_file(self) -> Path:
        return self.folder / "clock"

    @property
    def sandbox_state(self) -> Path:
        return self.folder / "sandbox"

    @property
    def documents(self) -> Path:
        return self.folder / "documents"

    @property
    def saved(self) -> Path:
        return self.folder / "saved"

    def environment(self) -> dict[str, str]:
        """What every process of the demo runs with; the secrets are made once and kept beside the data."""
        own = _secrets(self.folder / "secrets.json")
        return dict(os.environ) | {
            "TASSEL_ENV": "demo",
            "TASSEL_SECRET_KEY": own["secret_key"],
            "TASSEL_BASE_URL": self.web,
            "TASSEL_CLOCK_FILE": str(self.clock_file),
            "TASSEL_DOCUMENT_ROOT": str(self.documents),
            "TASSEL_BEAT_FILE": str(self.folder / "beat"),
            "STRIPE_SECRET_KEY": "sk_test_sandbox",
            "STRIPE_WEBHOOK_SECRET": own["webhook_secret"],
            "STRIPE_API_BASE": self.sandbox,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }

    def process(self, name: str, *arguments: str) -> Process:
        """A child that runs a Python module of ours; its words go to a log below the demo's folder."""
        command = [sys.executable, "-m", *arguments]
        return Process(name, command, self.folder / "logs" / f"{name}.log", self.environment())


def _secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        made = {"secret_key": secrets.token_urlsafe(48), "webhook_secret": f"whsec_{secrets.token_urlsafe(24)}"}
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
