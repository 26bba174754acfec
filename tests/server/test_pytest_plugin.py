"""The pytest plugin, in test runs of its own."""

import pytest
from tests.server.plugin_runs import ROOT, Runs, blocks

pytest_plugins = ["pytester"]


def test_documented_examples_run(runs: Runs) -> None:
    """The example tests of the documentation pass unchanged."""
    example, _, _, _, failures, _, receipt = blocks()
    *_, first = blocks("getting-started.md")

    runs(10, test_example=example, test_failures=failures, test_receipt=receipt, test_first=first)


def test_documented_overrides_work(runs: Runs) -> None:
    """The overrides of docs/testing.md serve the store file in the other dialect."""
    _, dialect, store, *_ = blocks()

    runs(
        1,
        conftest=f"{dialect}\n{store}",
        test_shop="""
        import httpx

        def test_shop(store_mock):
            assert "pk_shop" == store_mock.publishable_key
            assert "reg_us" == store_mock.add_cart(1).region_id
            assert "reg_eu" == store_mock.add_cart(1, "eur").region_id
            assert "reg_us" == store_mock.add_cart(1, "gbp").region_id
            assert "reg_us" == store_mock.add_cart(1, "eur", "reg_us").region_id
            assert 400 == httpx.get(f"{store_mock.url}/store/payment-providers").status_code
        """,
    )


def test_documented_upstream_works(runs: Runs, pytester: pytest.Pytester) -> None:
    """The override of docs/testing.md plays a recording, from its beginning in every test."""
    _, _, _, upstream, *_ = blocks()
    recording = ROOT / "tests/contract/recordings/checkout-2.21.2.json"
    (pytester.path / "checkout.json").write_bytes(recording.read_bytes())

    runs(
        2,
        conftest=upstream,
        test_offline="""
        import httpx
        import pytest

        @pytest.mark.parametrize("round", [1, 2])
        def test_offline(store_mock, round):
            created = httpx.post(f"{store_mock.url}/store/carts").json()["cart"]
            cart = f"{store_mock.url}/store/carts/{created['id']}"
            assert created == httpx.get(cart).json()["cart"]
            filled = httpx.post(f"{cart}/line-items").json()["cart"]

            collection = store_mock.client().create_payment_collection(created["id"])
            assert (0, 21.98) == (created["total"], float(collection.amount))
            assert 21.98 == httpx.get(cart).json()["cart"]["payment_collection"]["amount"]
        """,
    )


def test_every_test_gets_a_fresh_store(runs: Runs) -> None:
    """Between tests the server forgets sessions, carts, collections and idempotency keys."""
    runs(
        3,
        test_fresh_store="""
        import pytest

        urls = set()

        @pytest.mark.parametrize("data", [{"round": 1}, {"round": 2}])
        def test_fresh_store(store_mock, data):
            assert () == store_mock.sessions("pay_col_demo")
            cart = store_mock.add_cart(5, id="cart_mine")
            store_mock.add_collection(5, cart_id=cart.id, id="pay_col_mine")

            for collection_id in ("pay_col_demo", "pay_col_mine"):
                store_mock.client().initialize_payment_session(
                    collection_id, "pp_system_default", data, idempotency_key="checkout-1"
                )
                (session,) = store_mock.sessions(collection_id)
                assert data == session.data
            urls.add(store_mock.url)

        def test_one_server_served_both(store_mock):
            assert {store_mock.url} == urls
        """,
    )


def test_modules_can_serve_another_store_and_dialect(runs: Runs) -> None:
    """An override applies only to its own module."""
    plain = """
        import httpx

        def test_demo_store(store_mock):
            assert "pk_demo" == store_mock.publishable_key
            headers = {"x-publishable-api-key": "pk_demo", "origin": "http://any.example"}
            url = f"{store_mock.url}/store/payment-collections/pay_col_none/payment-sessions"
            response = httpx.post(url, headers=headers, json={"provider_id": "pp_system_default"})
            assert 404 == response.status_code
            assert "http://any.example" == response.headers["access-control-allow-origin"]
        """
    runs(
        4,
        test_1=plain,
        test_2="""
        from msgspec.structs import replace
        import httpx
        import pytest

        @pytest.fixture(scope="module", params=["documented", "medusa"])
        def store_mock_dialect(request):
            return request.param

        @pytest.fixture(scope="module")
        def store_mock_store(store_mock_store):
            settings = replace(store_mock_store.settings, cors_origins=())
            return replace(store_mock_store, settings=settings, carts={}, payment_collections={})

        def test_empty_store(store_mock, store_mock_dialect):
            collection = store_mock.add_collection(1, "jpy")
            store_mock.client().initialize_payment_session(collection.id, "pp_system_default")
            response = httpx.get(store_mock.url, headers={"origin": "http://any.example"})
            assert "access-control-allow-origin" not in response.headers
            missing = httpx.get(f"{store_mock.url}/nothing")
            media_type = missing.headers["content-type"].partition(";")[0]
            expected = {"documented": "application/json", "medusa": "text/html"}
            assert expected[store_mock_dialect] == media_type
        """,
        test_3=plain,
    )


def test_clients_are_ready_and_closed(runs: Runs) -> None:
    """A client knows the server and the key, takes options, and is closed after its test."""
    runs(
        3,
        test_clients="""
        import asyncio
        import pytest
        from xclade_store import Unauthorized

        made = []

        def list_providers(client):
            return client.list_payment_providers("reg_demo").count

        def test_client(store_mock):
            made.append(store_mock.client())
            assert 2 == list_providers(made[0])
            with pytest.raises(Unauthorized):
                list_providers(store_mock.client(publishable_key="pk_other", retries=0))

        def test_closed():
            with pytest.raises(RuntimeError, match="closed"):
                list_providers(made[0])

        def test_async_client(store_mock):
            async def list_providers():
                async with store_mock.async_client(timeout=600) as client:
                    return (await client.list_payment_providers("reg_demo")).count

            assert 2 == asyncio.run(list_providers())
        """,
    )


def test_invalid_arguments(runs: Runs) -> None:
    """Invalid arguments are refused at once."""
    runs(
        25,
        test_mistakes="""
        from msgspec.structs import replace
        from decimal import Decimal
        import pytest
        from xclade_store_mock.errors import CartNotFound, CollectionNotFound

        @pytest.mark.parametrize(("add", "error", "told"), [
            (lambda mock: mock.add_cart(25.5), TypeError, "write '25.5'"),
            (lambda mock: mock.add_cart(-1), ValueError, "not -1"),
            (lambda mock: mock.add_collection(Decimal("1e21")), ValueError, "not 1E"),
            (lambda mock: mock.add_cart(1, id="cart_demo"), ValueError, "has a cart 'cart_demo'"),
            (lambda mock: mock.add_cart(1, region_id="reg_x"), ValueError, "no region 'reg_x'"),
            (lambda mock: mock.add_collection(1, id="pay_col_demo"), ValueError, "is taken"),
            (lambda mock: mock.add_collection(1, cart_id="cart_demo"), ValueError, "is taken"),
            (lambda mock: mock.add_collection(1, cart_id="cart_x"), CartNotFound, "cart_x"),
            (lambda mock: mock.sessions("pay_col_x"), CollectionNotFound, "pay_col_x"),
            (lambda mock: mock.add_cart("abc"), ValueError, "'abc' is not an amount"),
            (lambda mock: mock.add_collection("NaN"), ValueError, "not NaN"),
            (lambda mock: mock.decline("pp_x"), ValueError, "no payment provider 'pp_x'"),
            (lambda mock: mock.decline(times=0), ValueError, "times must be from 1 to"),
            (lambda mock: mock.fail_next(200), ValueError, "status must be from 400 to"),
            (lambda mock: mock.fail_next(times=0), ValueError, "times must be from 1 to"),
            (lambda mock: mock.drop_next(operation_id="pay"), ValueError, "operation_id must be"),
            (lambda mock: mock.hold_next("pay"), ValueError, "operation_id must be"),
            (lambda mock: mock.fail_next(retry_after=-1), ValueError, "retry_after must be from 0"),
            (lambda mock: mock.start_scenario("nope"), ValueError, "Use one of .*double-tap"),
            (lambda mock: mock.delay_next(601), ValueError, "delay must be from 0"),
            (lambda mock: mock.set_cart_total("cart_x", 1), CartNotFound, "cart_x"),
            (lambda mock: mock.set_session_status("pay_col_demo", "payses_x", "captured"),
             ValueError, "no payment session 'payses_x'"),
            (lambda mock: mock.hold_next(seconds=-1), ValueError, "delay must be from 0"),
        ])
        def test_refused(store_mock, add, error, told):
            with pytest.raises(error, match=told):
                add(store_mock)

        class TestRevoked:
            @pytest.fixture
            def store_mock_store(self, store_mock_store):
                keys = store_mock_store.settings.publishable_keys.items()
                revoked = {token: replace(key, revoked=True) for token, key in keys}
                settings = replace(store_mock_store.settings, publishable_keys=revoked)
                return replace(store_mock_store, settings=settings)

            def test_key(self, store_mock):
                with pytest.raises(LookupError, match="revoked"):
                    store_mock.client()

            def test_own_key(self, store_mock):
                store_mock.client(publishable_key="pk_demo")
        """,
    )


@pytest.mark.parametrize(
    "use",
    ["def test_use(store_mock):\n    pass", "from xclade_store_mock.testing import StoreMock"],
    ids=["fixture", "class"],
)
def test_missing_extra_is_named(runs: Runs, use: str) -> None:
    """Without the extra, the fixture and its class say what to install."""
    result = runs(
        0,
        errors=1,
        conftest="""
        import sys

        sys.modules["connexion"] = None  # as if it were not installed
        """,
        test_use=use,
    )

    result.stdout.fnmatch_lines(["*needs the extra mock: pip install *"])
    result.stdout.no_fnmatch_line("*During handling*")
    result.stdout.no_fnmatch_line("*_importing_server*")


def test_imports_nothing_unless_used(runs: Runs) -> None:
    """A run without the fixture imports neither the server nor its libraries."""
    runs(
        1,
        test_modules="""
        import sys

        def test_modules():
            ours = {name for name in sys.modules if name.startswith("xclade_store")}
            assert {"xclade_store_mock", "xclade_store_mock.testing"} == ours
            heavy = {"asyncio", "connexion", "httpx", "jsonschema_rs", "starlette", "uvicorn"}
            assert set() == heavy & set(sys.modules)
        """,
    )


def test_leaves_no_traces(runs: Runs) -> None:
    """The plugin leaves logging alone, and no thread remains when the run ends."""
    result = runs(
        1,
        conftest="""
        import logging
        import threading

        def pytest_unconfigure():
            print("threads:", [each.name for each in threading.enumerate()])
            print("handlers:", logging.getLogger("uvicorn").handlers)
        """,
        test_use="""
        import logging
        import threading

        def test_use(store_mock):
            assert "store_mock" in [each.name for each in threading.enumerate()]
        """,
    )

    result.stdout.fnmatch_lines(["threads: *MainThread*", "handlers: *"])
    assert "threads: ['MainThread']" in result.outlines
    assert "handlers: []" in result.outlines
