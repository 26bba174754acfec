"""Forks workers after a call, in each way: python -m tests.client.forking URL sync|async WORKERS.

Each worker calls with data of its own; the process fails unless everybody got the own answer.
"""

import asyncio
import itertools
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from xclade_store import AsyncStoreClient, StoreClient

FORK = multiprocessing.get_context("fork")
ARGUMENTS = ("pay_col_demo", "pp_system_default")
OPTIONS: dict[str, Any] = {"publishable_key": "pk_demo", "retries": 0, "deadline": 600}
NUMBERS = itertools.count()
# Inherited by the workers, as what a module makes when gunicorn preloads it.
STORES: dict[str, Any] = {}


def data() -> dict[str, int]:
    """Return data that no other call sends."""
    return {"process": os.getpid(), "number": next(NUMBERS)}


def call() -> bool:
    """Make a call, and return whether its answer is its own."""
    sent = data()
    result = STORES["sync"].initialize_payment_session(*ARGUMENTS, sent)
    return bool(sent == result.payment_sessions[0].data.to_dict())


async def async_call() -> bool:
    """Make a call in async code."""
    sent = data()
    result = await STORES["async"].initialize_payment_session(*ARGUMENTS, sent)
    return bool(sent == result.payment_sessions[0].data.to_dict())


def work(_: object = None) -> bool:
    """Call twice; in async code, in one event loop after the other."""
    if "sync" in STORES:
        return call() and call()
    return asyncio.run(async_call()) and asyncio.run(async_call())


def work_in_threads() -> bool:
    """Serve as a worker of gunicorn's with threads does."""
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(work())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers == [True] * len(threads)


def fork(workers: int, target: Callable[[], bool]) -> bool:
    """Fork workers, and return whether all of them succeeded."""
    children = []
    for _ in range(workers):
        child = os.fork()
        if child == 0:
            succeeded = False
            try:
                succeeded = target()
            finally:
                os._exit(0 if succeeded else 1)
        children.append(child)
    return [os.waitpid(child, 0)[1] for child in children] == [0] * workers


def exit_code_of_work() -> None:
    """Work as a Process does, which has an exit code only."""
    sys.exit(0 if work() else 1)


def start_processes(workers: int) -> bool:
    """Start processes of multiprocessing's."""
    processes = [FORK.Process(target=exit_code_of_work) for _ in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes] == [0] * workers


def use_executor(workers: int) -> bool:
    """Spread work over a pool of processes."""
    with ProcessPoolExecutor(workers, mp_context=FORK) as pool:
        return list(pool.map(work, range(workers))) == [True] * workers


WAYS: dict[str, Callable[[int], bool]] = {
    "fork": lambda workers: fork(workers, work),
    "process": start_processes,
    "executor": use_executor,
    "preload": lambda workers: fork(workers, work_in_threads),
}


async def run_async(url: str, way: str, workers: int) -> bool:
    """Fork inside a running event loop, whose connections are in use before and after."""
    STORES["async"] = AsyncStoreClient(url, **OPTIONS)
    before = await async_call()
    return before and WAYS[way](workers) and await async_call()


def run_sync(url: str, way: str, workers: int) -> bool:
    """Fork between two calls."""
    STORES["sync"] = StoreClient(url, **OPTIONS)
    return call() and WAYS[way](workers) and call()


def main(url: str, kind: str, workers: str) -> None:
    """Fail if a call got another's answer."""
    for way in WAYS:
        if kind == "sync":
            assert run_sync(url, way, int(workers)), way
        else:
            assert asyncio.run(run_async(url, way, int(workers))), way


if __name__ == "__main__":
    main(*sys.argv[1:])
