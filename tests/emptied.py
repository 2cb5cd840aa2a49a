"""A database that each test finds as it was migrated: rows are taken out, which costs a tenth of a new one.

Whatever else a test leaves (a seal switched off, a table of its own, a lock that is still held) makes the
database go: the next test gets a new copy of the template.
"""

import psycopg
from sqlalchemy import Engine, create_engine

from portal.local.postgres import APPLICATION, Postgres

# The sessions of the engine that stays from test to test; all others end with their test.
_STAYS = "stays"
# So few pages of rows that are gone are read faster than they are cleared away.
_BYTES_KEPT = 64 * 2**10
_WRITTEN = (
    "SELECT oid::regclass::text, pg_relation_size(oid) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"
)
_ANALYSED = (
    "SELECT pg_clear_relation_stats('public', relname) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples >= 0"
)
_SEQUENCES = (
    "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences"
    " WHERE last_value IS NOT NULL"
)
_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    f" AND application_name <> '{_STAYS}'"
)
_SHAPE = (
    "SELECT md5(string_agg(c::text, ',' ORDER BY c)) FROM (SELECT oid, relname, relkind, relnatts, relchecks,"
    " relrowsecurity, relforcerowsecurity, relacl FROM pg_class"
    " WHERE relnamespace IN ('public'::regnamespace, 'app'::regnamespace)) c"
) + "".join(
    f" UNION ALL SELECT '{name} ' || count(*) || ' ' || max(xmin::text::bigint) FROM {name}"
    for name in ("pg_constraint", "pg_policy", "pg_proc", "pg_trigger")
)


class EmptiedDatabase:
    """One database for the tests of one worker, and an engine whose sessions know their statements."""

    def __init__(self, postgres: Postgres, name: str, *, template: str) -> None:
        self._postgres, self._name, self._template = postgres, name, template
        self.engine: Engine = create_engine(
            self.url(APPLICATION), pool_size=10, connect_args={"application_name": _STAYS}
        )
        self._superuser: psycopg.Connection | None = None

    def url(self, role: str) -> str:
        """SQLAlchemy URL of a role on this database."""
        return self._postgres.url(role, self._name)

    def prepare(self) -> None:
        """Make the database as it was migrated, whatever the last test did to it."""
        if self._superuser is None or self.engine.pool.checkedout() or not self._emptied(self._superuser):
            self._make_anew()

    def drop(self) -> None:
        """Drop it at the end of the run."""
        self.engine.dispose()
        if self._superuser is not None:
            self._superuser.close()
            self._superuser = None
        self._postgres.drop_database(self._name)

    def _make_anew(self) -> None:
        self.drop()
        self._postgres.ensure_database(self._name, template=self._template)
        self._superuser = self._postgres.superuser(self._name)
        # The seals of the tables hold everybody but this session.
        self._superuser.execute("SET session_replication_role = replica")
        self._superuser.execute("SET allow_system_table_mods = on")  # statistics are rows of a system table
        self._superuser.execute("SET lock_timeout = '5s'")
        self._shape = self._superuser.execute(_SHAPE).fetchall()
        self._migrated = {name: self._rows(name) for name, _ in self._superuser.execute(_WRITTEN).fetchall()}

    def _rows(self, table: str) -> bytes:
        assert self._superuser is not None
        with self._superuser.cursor().copy(f"COPY {table} TO STDOUT") as rows:
            return b"".join(bytes(part) for part in rows)

    def _emptied(self, superuser: psycopg.Connection) -> bool:
        """Take out what was written; False when something stands in the way or is not as it was."""
        try:
            superuser.execute(_OTHERS)
            written = superuser.execute(_WRITTEN).fetchall()
            with superuser.transaction():
                for table, _ in written:
                    superuser.execute(f"DELETE FROM {table}")
                for table, rows in self._migrated.items():
                    with superuser.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                        copy.write(rows)
                superuser.execute(_SEQUENCES)
            for table, size in written:
                if size > _BYTES_KEPT:
                    superuser.execute(f"VACUUM {table}")
            if superuser.execute(_ANALYSED).fetchall():
                superuser.execute("DELETE FROM pg_statistic WHERE starelid >= 16384")
            return superuser.execute(_SHAPE).fetchall() == self._shape
        except psycopg.Error:
            return False
