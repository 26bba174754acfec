"""Faults of the client's connections, identity and time limits."""

from tests.mutants.mutant import CLIENT, Mutant

CONNECTIONS = CLIENT / "connections.py"
FORKS = ("tests/client/test_forks.py",)
LOOPS = ("tests/client/test_loops.py",)
DEADLINES = ("tests/client/test_deadlines.py",)
ENVIRONMENT = ("tests/client/test_environment.py",)
IDENTITY = ("tests/client/test_identity.py",)
FOREIGN = ("tests/client/test_foreign_answers.py",)

MUTANTS = (
    Mutant(
        "connections shared by processes",
        CONNECTIONS,
        "return os.getpid(), None",
        "return 0, None",
        FORKS,
    ),
    Mutant(
        "connections shared by event loops",
        CONNECTIONS,
        "return os.getpid(), asyncio.get_running_loop()",
        "return os.getpid(), asyncio.get_running_loop() and None",
        LOOPS,
    ),
    Mutant("cookies kept", CONNECTIONS, "allowed_domains=[]", "", IDENTITY),
    Mutant(
        "two sources of Authorization",
        CLIENT / "base_client.py",
        "if self._credentials:",
        "if not self._credentials and token == '':",
        IDENTITY,
    ),
    Mutant(
        "no limit for each read",
        CLIENT / "transport.py",
        "stream.read, stream.write, stream.start_tls = limited_read,",
        "_ = limited_read,",
        DEADLINES,
    ),
    Mutant(
        "proxies for this machine",
        CLIENT / "environment.py",
        "address.is_loopback",
        "address.is_unspecified",
        ENVIRONMENT,
    ),
    Mutant(
        "silent retries",
        CLIENT / "transport.py",
        "_log.info(",
        "_log.debug(",
        ("tests/client/test_secrets.py",),
    ),
)
