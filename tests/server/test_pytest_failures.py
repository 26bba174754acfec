"""The pytest plugin: failures on demand."""

from tests.server.plugin_runs import Runs, blocks

pytest_plugins = ["pytester"]


def test_failures_on_demand(runs: Runs) -> None:
    """Errors, broken connections, refusals, the clock and a race affect only their own test."""
    runs(
        14,
        test_failures="""
        import asyncio
        from datetime import UTC, datetime, timedelta

        import pytest
        from xclade_store import (
            BrokenAnswer, ConnectionFailed, PaymentRefused, RateLimited, ServerFailed, StoreError
        )

        def pay(store_mock, **options):
            key = options.pop("idempotency_key", None)
            collection_id = options.pop("collection_id", "pay_col_demo")
            return store_mock.client(**options).initialize_payment_session(
                collection_id, "pp_stripe_stripe", idempotency_key=key
            )

        def test_fail_next(store_mock):
            store_mock.fail_next(429, message="Slow down.", retry_after=3)
            with pytest.raises(RateLimited, match="Slow down."):
                pay(store_mock, retries=0)
            (entry,) = store_mock.journal(status=429)
            assert "3" == entry.response.headers["retry-after"]
            assert () == store_mock.sessions("pay_col_demo")
            pay(store_mock)

        def test_fail_all_of_an_operation(store_mock):
            store_mock.fail_next(times=None, operation_id="initialize_payment_session")
            for _ in range(3):
                with pytest.raises(ServerFailed):
                    pay(store_mock, retries=0)
            store_mock.client().create_payment_collection("cart_demo")

        def test_drop_next(store_mock):
            store_mock.drop_next()
            with pytest.raises(ConnectionFailed):
                pay(store_mock, retries=0)
            assert () == store_mock.sessions("pay_col_demo")

        def test_hold_of_nothing(store_mock):
            hold = store_mock.hold_next("initialize_payment_session", seconds=0)
            with pytest.raises(TimeoutError, match="initialize_payment_session arrived within"):
                hold.wait(timeout=0.01)
            pay(store_mock)
            async def tasks():
                return [each.get_coro().__qualname__ for each in asyncio.all_tasks()]
            assert "GatedProvider.arrival" not in store_mock._server.run(tasks())

        @pytest.mark.parametrize(("breaks", "error"), [
            ("truncate_next", ConnectionFailed), ("garble_next", BrokenAnswer)
        ])
        def test_broken_responses(store_mock, breaks, error):
            getattr(store_mock, breaks)(operation_id="initialize_payment_session")
            with pytest.raises(error):
                pay(store_mock, retries=0)
            assert 1 == len(store_mock.sessions("pay_col_demo"))

        def test_delays(store_mock):
            store_mock.delay_next(0.05)
            store_mock.slow_down(0.05, times=1)
            pay(store_mock)
            (entry,) = store_mock.journal()
            assert 95 < entry.milliseconds
            assert 50 == entry.fault.delay

        def test_unreachable(store_mock):
            store_mock.make_unreachable(times=1)
            with pytest.raises(StoreError):
                pay(store_mock, retries=0)
            pay(store_mock)

        def test_what_a_webhook_or_an_editor_changes(store_mock):
            (session,) = pay(store_mock).payment_sessions
            store_mock.set_session_status("pay_col_demo", session.id, "authorized")
            assert "authorized" == store_mock.sessions("pay_col_demo")[0].status
            store_mock.set_cart_total("cart_demo", "40.50")
            collection = store_mock.client().create_payment_collection("cart_demo")
            assert "40.50" == format(collection.amount, ".2f")

        def test_decline(store_mock):
            store_mock.decline(message="Do not honor.", times=1)
            with pytest.raises(PaymentRefused, match="Do not honor."):
                pay(store_mock)
            pay(store_mock)

        def test_results_that_are_no_refusals(store_mock):
            store_mock.lose_result(times=1)
            assert "indeterminate_due_to" in pay(store_mock).payment_sessions[0].data
            store_mock.fail_card(message="Do not honor.", times=1)
            assert "error" == pay(store_mock).payment_sessions[0].status
            assert "pending" == pay(store_mock).payment_sessions[0].status

        def test_clock(store_mock):
            store_mock.freeze(datetime(2030, 1, 1, tzinfo=UTC))
            first = pay(store_mock, idempotency_key="k")
            assert first.payment_sessions == pay(store_mock, idempotency_key="k").payment_sessions
            store_mock.advance(timedelta(hours=24))
            second = pay(store_mock, idempotency_key="k")
            assert first.payment_sessions != second.payment_sessions
            (session,) = store_mock.sessions("pay_col_demo")
            assert datetime(2030, 1, 2, tzinfo=UTC) == session.created_at

        def test_scenario(store_mock):
            store_mock.start_scenario("zero-amount")
            with pytest.raises(PaymentRefused):
                pay(store_mock, collection_id="pay_col_scenario")

        def test_nothing_of_it_is_left(store_mock):
            assert [] == store_mock.journal()
            (session,) = pay(store_mock).payment_sessions
            assert 2030 > session.created_at.year
            assert "[redacted]" in store_mock.journal()[0].response.body
        """,
    )


PLANS = """
import pytest

def test_fault(store_mock):
    store_mock.fail_next(operation_id="list_payment_providers")

def test_outcome(store_mock):
    store_mock.decline(times=3)

def test_failed(store_mock):
    store_mock.drop_next()
    raise ValueError

def test_used(store_mock):
    store_mock.delay_next(0, times=None)
    store_mock.decline("pp_system_default", times=2)
    with pytest.raises(Exception, match="declined"):
        store_mock.client().initialize_payment_session("pay_col_demo", "pp_system_default")
"""


def test_a_plan_that_is_never_used_is_an_error(runs: Runs) -> None:
    """The error describes the plan; a test that has already failed is reported once."""
    result = runs(3, errors=2, failed=1, test_plans=PLANS)

    result.stdout.fnmatch_lines(
        [
            "no request met FaultPlan(operation_id='list_payment_providers', answer=*503*",
            "no request met Outcome(result=*declined*, times=3): remove the plan,*",
        ]
    )


def test_unused_plans_can_be_allowed(runs: Runs) -> None:
    """The override in docs/testing.md switches the check off."""
    *_, conftest, _ = blocks()

    runs(3, failed=1, conftest=conftest, test_plans=PLANS)
