"""Whether the database of DATABASE_URL answers: asked once by each process that cannot start without it."""

from __future__ import annotations

from django.db import OperationalError, connection

from config.environment import WrongEnvironment


def reach_database() -> None:
    """Return when the database answers; end the process with one sentence (WrongEnvironment) when it does not."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise WrongEnvironment(f"The database of DATABASE_URL cannot be reached: {_reason(error)}.") from None
    finally:
        connection.close()


def _reason(error: OperationalError) -> str:
    """What the driver says at the end of its first line, such as "Connection refused"; it never holds a password."""
    first_line, *_ = (line for line in str(error).splitlines() if not line.endswith(":"))
    return first_line.rpartition("failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
