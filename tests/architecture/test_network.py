"""The tests' own walls hold: no network, and no row left behind by a transactional test."""

from __future__ import annotations

import socket

import pytest
import requests
from django.core.management.color import no_style
from django.db import connection

from tests.closed_network import NetworkIsClosed


def test_connecting_to_another_machine_is_refused() -> None:
    with socket.socket() as sock, pytest.raises(NetworkIsClosed, match=r"192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 80))


def test_looking_up_another_machine_is_refused() -> None:
    with pytest.raises(NetworkIsClosed, match=r"example\.org"):
        requests.get("https://example.org", timeout=1)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


@pytest.mark.django_db(transaction=True)
def test_flush_passes_the_guards_of_a_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'guarded' USING ERRCODE = '23514'; END $$;
            CREATE TABLE guarded (n int);
            CREATE TRIGGER guard BEFORE DELETE OR TRUNCATE ON guarded EXECUTE FUNCTION pg_temp.refuse();
            INSERT INTO guarded VALUES (1);
            """
        )
        try:
            connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), ["guarded"]))

            cursor.execute("SELECT count(*) FROM guarded")
            assert cursor.fetchone() == (0,)
        finally:
            cursor.execute("DROP TABLE guarded")
