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
    Mutant(
        "connections left open when a loop ends",
        CONNECTIONS,
        "self._closers[scope].__anext__().send(None)",
        "pass",
        LOOPS,
    ),
    Mutant(
        "clients of closed loops kept",
        CONNECTIONS,
        "if process_id == scope[0] and",
        "if not scope and",
        LOOPS,
    ),
    Mutant(
        "http_client used everywhere",
        CONNECTIONS,
        "if scope != (bound :=",
        "if not (bound :=",
        LOOPS,
    ),
    Mutant("cookies kept", CONNECTIONS, "allowed_domains=[]", "", IDENTITY),
    Mutant(
        "cookies of http_client sent",
        CONNECTIONS,
        'del request.headers["cookie"]',
        "pass",
        IDENTITY,
    ),
    Mutant(
        "two sources of Authorization",
        CLIENT / "base_client.py",
        "if self._credentials:",
        "if not self._credentials and token == '':",
        IDENTITY,
    ),
    Mutant(
        "views that close",
        CLIENT / "base_client.py",
        "view._is_view = True",
        "view._is_view = False",
        IDENTITY,
    ),
    Mutant(
        "redirects followed",
        CLIENT / "client.py",
        "follow_redirects=False",
        "follow_redirects=http.follow_redirects",
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
        "no limit in async code",
        CLIENT / "transport.py",
        "with anyio.fail_after(seconds):",
        "with anyio.fail_after(None):",
        DEADLINES,
    ),
    Mutant(
        "pauses beyond the deadline",
        CLIENT / "transport.py",
        "if now + pause >= ends:",
        "if pause >= 3600:",
        (*DEADLINES, "tests/client/test_retries.py"),
    ),
    Mutant(
        "proxies for this machine",
        CLIENT / "environment.py",
        "address.is_loopback",
        "address.is_unspecified",
        ENVIRONMENT,
    ),
    Mutant(
        "networks in NO_PROXY ignored",
        CLIENT / "environment.py",
        "return address in ip_network(",
        "return address == ip_network(",
        ENVIRONMENT,
    ),
    Mutant(
        "certificates that do not load",
        CLIENT / "environment.py",
        "    except OSError as error:\n        named",
        "    except ZeroDivisionError as error:\n        named",
        ENVIRONMENT,
    ),
    Mutant(
        "passwords of proxies shown",
        CLIENT / "environment.py",
        'f"the environment variable {variable} is not the URL of a proxy: it',
        'f"the environment variable {variable} is not the URL of a proxy: {address}; it',
        ENVIRONMENT,
    ),
    Mutant(
        "no hint about base_url",
        CLIENT / "hints.py",
        "(store|admin)/store/",
        "(storefront)/store/",
        FOREIGN,
    ),
    Mutant(
        "no hint about a login page",
        CLIENT / "hints.py",
        "if _LOGIN.search(location):",
        "if not location:",
        FOREIGN,
    ),
    Mutant(
        "silent retries",
        CLIENT / "transport.py",
        "_log.info(",
        "_log.debug(",
        ("tests/client/test_secrets.py",),
    ),
)
