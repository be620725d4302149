"""Databases of this run's own on the server of DATABASE_URL, made from one another and dropped at the end."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from config.bench import shop
from ledger.operations.open_months import open_months


class Databases:
    """A context: `use` turns Django's connection to one of them, and back when it ends; they are gone then.

    Each keeps its own open connection, so that going from one to the other costs nothing that is timed.
    """

    def __init__(self) -> None:
        self._home = connections[DEFAULT_DB_ALIAS]
        self._made: dict[str, BaseDatabaseWrapper] = {}

    def __enter__(self) -> Databases:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self._made):
            self.drop(name)

    def make(self, name: str) -> None:
        """A new one with all of Tassel's tables and open months around the shop's days; use it."""
        self._create(name, "template0")
        self.use(name)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        open_months(around=shop.TODAY, since=shop.FIRST_DAY)

    def copy(self, name: str, of: str) -> None:
        """Another one that holds what `of` holds now; use it."""
        self._made[of].close()
        self._create(name, self._full(of))
        self.use(name)

    def use(self, name: str) -> None:
        connections[DEFAULT_DB_ALIAS] = self._made[name]

    def address(self, name: str) -> str:
        """DATABASE_URL of one of them, for a process of its own."""
        server, slash, query = os.environ["DATABASE_URL"].partition("?")
        return f"{server.rpartition('/')[0]}/{self._full(name)}{slash}{query}"

    def drop(self, name: str) -> None:
        """Drop one and use none of them."""
        self._made.pop(name).close()
        connections[DEFAULT_DB_ALIAS] = self._home
        self._order("DROP DATABASE {} WITH (FORCE)", self._full(name))

    def _create(self, name: str, template: str) -> None:
        self._order("CREATE DATABASE {} TEMPLATE {}", self._full(name), template)
        database = connections.create_connection(DEFAULT_DB_ALIAS)
        database.settings_dict = {**database.settings_dict, "NAME": self._full(name)}
        self._made[name] = database

    def _full(self, name: str) -> str:
        return f"tassel_bench_{os.getpid()}_{name}"

    def _order(self, order: str, *names: str) -> None:
        with _connect(self._home) as server:
            server.execute(sql.SQL(order).format(*map(sql.Identifier, names)))


def plain_connection() -> psycopg.Connection[tuple[Any, ...]]:
    """A connection without Django to the database in use; each statement is a transaction unless it is in one."""
    return _connect(connection)


def _connect(database: Any) -> psycopg.Connection[tuple[Any, ...]]:
    parameters = database.get_connection_params()
    server = {key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if key in parameters}
    return psycopg.connect(**server, autocommit=True)
