"""Faults in where the state is kept."""

from tests.mutants.mutant import SERVER, Mutant

STORAGE = SERVER / "storage"

WORKERS = "tests/server/test_workers.py"
CRASHES = "tests/server/test_crashes.py"
CONFORMANCE = "tests/server/storage"

MUTANTS = (
    Mutant(
        "twins both carried out",
        STORAGE / "memory.py",
        "        claimed.add(scope)\n",
        "",
        ("tests/server/test_idempotency.py", "tests/server/test_concurrency.py"),
    ),
    Mutant(
        "turns not taken",
        STORAGE / "memory.py",
        "self._turn = self.state.turns[self._id]",
        "self._turn = Lock()",
        ("tests/server/test_concurrency.py",),
    ),
    Mutant(
        "claim in one process only",
        STORAGE / "sql.py",
        "claimed = await self._database.take(scope.digest)",
        "claimed = True",
        (f"{CONFORMANCE}/test_processes.py",),
    ),
    Mutant(
        "turns in one process only",
        STORAGE / "sql.py",
        "while not (is_mine := await self._database.take(self._name)):",
        "while not (is_mine := await self._database.take(self._name) or True):",
        (f"{WORKERS}::test_calls_on_one_collection_take_turns",),
    ),
    Mutant(
        "turn not given back",
        STORAGE / "sql.py",
        "            await self._database.release(self._name)",
        "            pass",
        (f"{WORKERS}::test_calls_on_one_collection_take_turns",),
    ),
    Mutant(
        "session kept before its answer",
        STORAGE / "sql.py",
        "await self._together.transact(records.keep_answered, answered)",
        "await self._together.run(records.keep_answered, answered)",
        ("tests/server/test_both_or_none.py",),
    ),
    Mutant(
        "old collection",
        STORAGE / "sql.py",
        "if collection is None or known != found.revision:",
        "if collection is None:",
        (f"{CONFORMANCE}/test_hold.py",),
    ),
    Mutant(
        "turn kept by who fails",
        STORAGE / "sql.py",
        "    async def __aexit__(self, *_: object) -> None:\n        try:\n",
        "    async def __aexit__(self, *_: object) -> None:\n        if _[0]:\n"
        "            return\n        try:\n",
        (f"{CONFORMANCE}/test_processes.py",),
    ),
    Mutant(
        "no queue in a process",
        STORAGE / "sql.py",
        "        self._queue = queue",
        "        self._queue = Lock()",
        (f"{CONFORMANCE}/test_hold.py",),
    ),
    Mutant(
        "records not forgotten in memory",
        STORAGE / "memory.py",
        "next(iter(records.values())).expires_at <= now:",
        "next(iter(records.values())).expires_at is now:",
        (f"{CONFORMANCE}/test_records.py",),
    ),
    Mutant(
        "cart not followed",
        STORAGE / "works.py",
        "    if found is not None:\n        revision, text = found",
        "    if False:\n        revision, text = found",
        (f"{CONFORMANCE}/test_carts.py",),
    ),
    Mutant(
        "cart does not wait",
        STORAGE / "sql.py",
        "async with self._turn(collection_id) if collection_id else nullcontext():",
        "async with nullcontext():",
        (f"{CONFORMANCE}/test_carts.py",),
    ),
    Mutant(
        "old settings",
        STORAGE / "sql.py",
        "if self._settings is None or self._settings[0] != revision:",
        "if self._settings is None:",
        (f"{CONFORMANCE}/test_settings.py",),
    ),
    Mutant(
        "claim not given up",
        STORAGE / "memory.py",
        "            claimed.discard(scope)",
        "            pass",
        (f"{CONFORMANCE}/test_records.py",),
    ),
    Mutant(
        "claimed twice",
        STORAGE / "sql.py",
        "        if queue.locked():\n",
        "        if False:\n",
        (f"{CONFORMANCE}/test_records.py",),
    ),
    Mutant(
        "two resets, two stores",
        STORAGE / "works.py",
        "    if await connection.change(put.change, **row) == 0:\n",
        "    if True:\n",
        (f"{CONFORMANCE}/test_life.py",),
    ),
    Mutant(
        "lone surrogate in a text",
        STORAGE / "texts.py",
        'json.dumps(msgspec.to_builtins(value), separators=(",", ":"))',
        "json.dumps(msgspec.to_builtins(value), ensure_ascii=False)",
        (f"{CONFORMANCE}/test_hold.py",),
    ),
    Mutant(
        "keys in another order",
        STORAGE / "texts.py",
        "msgspec.json.encode(value)",
        'msgspec.json.encode(value, order="sorted")',
        (f"{CONFORMANCE}/test_exactness.py",),
    ),
    Mutant(
        "another version served",
        STORAGE / "works.py",
        "    if version != VERSION:",
        "    if not version:",
        (f"{CONFORMANCE}/test_refusals.py",),
    ),
    Mutant(
        "read-only database served",
        STORAGE / "works.py",
        "    await connection.change(statements.KEEP_VERSION)\n",
        "",
        (f"{CONFORMANCE}/test_refusals.py",),
    ),
    Mutant(
        "two seed at once",
        STORAGE / "sql.py",
        'async with self._turn("tables"):',
        "async with nullcontext():",
        (f"{CONFORMANCE}/test_postgresql.py",),
    ),
)
