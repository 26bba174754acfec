"""A recording made through the proxy equals the one that its requests come from."""

import asyncio
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

from tests.conftest import served
from tests.server.upstream.raw import proxied
from tests.server.upstream.recorded_stores import recorded

from xclade_store_mock.app import create_app, utc_now
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.payments.model import Store
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.record import Recorder, Writer
from xclade_store_mock.upstream.recording import Case, Recording, read_recording
from xclade_store_mock.upstream.replay import Comparison, replay

MEDUSA = DIALECTS["medusa"]
SECRET = {"authorization", "cookie", "x-medusa-access-token", "x-publishable-api-key"}


def record_again(original: Recording, path: Path) -> list[Case]:
    """Send the requests of a recording to a mock through a recording proxy; return those sent."""
    storage = MemoryStorage(original.store)
    writer = Writer(path)
    find = partial(MEDUSA.find, load_contract("store.yaml"))
    record = partial(Recorder, writer=writer, find=find, records_all=True)
    with (
        served(create_app(store=original.store, storage=storage, dialect=MEDUSA)) as mock,
        proxied(mock, dialect=MEDUSA, record=record) as url,
    ):

        def begin(store: Store) -> Upstream:
            asyncio.run(storage.reset(store))
            return Upstream.parse(url)

        sent = [each.case for each in replay(original, begin) if each.differences is not None]
    writer.close()
    return sent


def request_differences(
    expected: Case, got: Case, comparison: Comparison, placeholders: dict[str, str]
) -> Iterator[str]:
    """Yield how a recorded request differs, but for ids and for the placeholders of secrets."""
    wanted, found = comparison.request(expected.request), got.request
    # An ASGI server does not tell an empty query from none.
    pairs = [
        (wanted.method, found.method),
        (wanted.target.removesuffix("?"), found.target),
        (wanted.content, found.content),
    ]
    headers = [
        sorted((name.lower(), value.strip()) for name, value in each.headers)
        for each in (wanted, found)
    ]
    for (name, value), (their_name, placeholder) in zip(*headers, strict=True):
        is_secret = name in SECRET and value
        expected_value = placeholders.setdefault(value, placeholder) if is_secret else value
        pairs.append((f"{name}: {expected_value}", f"{their_name}: {placeholder}"))
    yield from (f"expected {each!r}, got {other!r}" for each, other in pairs if each != other)


def test_recording_through_the_proxy_equals_the_original(tmp_path: Path) -> None:
    """Except for ids and times, and for secrets, which have placeholders; it can be read, too."""
    path = tmp_path / "again.json"
    original = recorded("medusa")
    sent = record_again(original, path)
    again = read_recording(path, utc_now())
    known = set(original.store.payment_collections)
    placeholders: dict[str, str] = {}
    differences = []
    pairs = zip(sent, again.cases, strict=True)
    for _, cases in groupby(pairs, key=lambda pair: pair[0].scene):
        comparison = Comparison(known=known)
        for expected, got in cases:
            found = [
                *request_differences(expected, got, comparison, placeholders),
                *comparison.responses(
                    expected.response,
                    got.response.status,
                    [*got.response.headers],
                    got.response.content or b"",
                ),
            ]
            differences += [f"{expected.name}: {each}" for each in found]

    assert [] == differences
    assert len(placeholders) == len({*placeholders.values()})
    text = path.read_text("utf-8")
    assert [] == [key for key in original.store.settings.publishable_keys if key in text]
