"""Faults in where the state is kept."""

from tests.mutants.mutant import SERVER, Mutant

STORAGE = SERVER / "storage"

WORKERS = "tests/server/test_workers.py"
CRASHES = "tests/server/test_crashes.py"
SUITE = "tests/server/storage"

MUTANTS = (
    Mutant(
        "collection held in two processes",
        STORAGE / "sql.py",
        "while not await self.database.acquire_lock(name):",
        "while not (await self.database.acquire_lock(name) or True):",
        (f"{WORKERS}::test_calls_on_one_collection_take_turns",),
    ),
    Mutant(
        "lock not released after a failure",
        STORAGE / "sql.py",
        "            finally:\n                await self.database.release_lock(name)\n",
        "            except GeneratorExit:\n                raise\n"
        "            else:\n                await self.database.release_lock(name)\n",
        (f"{SUITE}/test_processes.py",),
    ),
    Mutant(
        "lost lock not noticed",
        STORAGE / "schema.py",
        "WHERE id = $1 AND revision = $2",
        "WHERE id = $1 AND $2 <> ''",
        (f"{SUITE}/test_coalescer.py", f"{CRASHES}::test_database_restart_during_a_provider_call"),
    ),
    Mutant(
        "answer kept without its collection",
        STORAGE / "sql.py",
        "            await connection.change(schema.DROP_ANSWER, pairs[place][1].scope.digest)\n",
        "",
        (f"{SUITE}/test_coalescer.py",),
    ),
    Mutant(
        "rows mixed up within a batch",
        STORAGE / "postgresql.py",
        "return [found.get(key) for key in keys]",
        "return [*found.values()]",
        (f"{SUITE}/test_coalescer.py",),
    ),
    Mutant(
        "deadlock not retried",
        STORAGE / "postgresql.py",
        "ViolationError, asyncpg.TransactionRollbackError)",
        "ViolationError,)",
        (f"{SUITE}/test_postgresql.py",),
    ),
    Mutant(
        "statements compiled",
        STORAGE / "postgresql.py",
        '    "jit": "off",\n',
        "",
        (f"{SUITE}/test_indexes.py",),
    ),
    Mutant(
        "records kept without limit in a database",
        STORAGE / "schema.py",
        "records) - {MOST_RECORDS}\n",
        "records) - {100 * MOST_RECORDS}\n",
        (f"{SUITE}/test_records.py",),
    ),
    Mutant(
        "file readable by everybody",
        STORAGE / "sqlite.py",
        "            os.close(_create(self._file))\n",
        '            open(self._file, "ab").close()\n',
        (f"{SUITE}/test_sqlite.py",),
    ),
)
