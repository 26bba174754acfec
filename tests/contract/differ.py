"""Send the same requests to a real backend and to the mock, and record where they differ.

FILE is a recording; the backend has its store, and the mock starts from it. Each sequence of
requests first gives its collection a session, so that earlier ones do not matter: the mock is reset
then, while a real backend is not. Each difference is minimized, and written as a recording whose
responses are the backend's.
"""

import argparse
import http.client
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from tests.conftest import served
from tests.contract.odd_requests import OddRequests, as_text
from tests.contract.shrinking import shrink

from xclade_store_mock.app import create_app, utc_now
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import MEDUSA
from xclade_store_mock.payments.model import Store
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.recording import (
    Case,
    RecordingError,
    Request,
    Response,
    read_recording,
)
from xclade_store_mock.upstream.replay import COMPARED_HEADERS, Comparison, send

_KEPT_HEADERS = re.compile(rf"content-type|vary|{COMPARED_HEADERS.pattern}", re.IGNORECASE)
_RESET = Request(method="POST", target="/_mock/reset")
_TOKEN = re.compile(r"\w+|\W")


@dataclass(frozen=True, slots=True)
class Difference:
    """Requests, the real responses, and how the mock's last one differs."""

    requests: Sequence[Request]
    responses: Sequence[Response]
    texts: Sequence[str]

    @property
    def cause(self) -> str:
        """What differences with the same cause have in common: the first place, or the statuses."""
        text = re.sub(r"\[\d+\]", "[]", self.texts[0])
        found = re.match(r"status: expected \d+, got \d+|[^:]+?(?=\.data\.|:)", text)
        return found[0] if found else text

    def cases(self, scene: str) -> Iterator[Case]:
        """Yield the cases of a recording."""
        pairs = zip(self.requests, self.responses, strict=True)
        for number, (request, response) in enumerate(pairs, start=1):
            yield Case(f"{scene}/{number}", scene, request, response)


@dataclass(frozen=True, slots=True)
class Differ:
    """Compares two backends that have the same store; the second one is a mock."""

    real: str
    mock: str
    store: Store

    def find(self, seed: int, calls: int) -> Iterator[Difference]:
        """Send generated requests; yield a difference for each cause, minimized."""
        requests = OddRequests(self.store, seed)
        causes: set[str] = set()
        while calls > 0:
            sequence = requests.sequence()
            calls -= len(sequence)
            found = self.compare(sequence)
            if found is not None and found.cause not in causes:
                causes.add(found.cause)
                yield self._minimize(found)

    def compare(self, requests: Iterable[Request]) -> Difference | None:
        """Send requests to both in order; return the first difference."""
        send(Upstream.parse(self.mock), _RESET)
        comparison = Comparison(known={*self.store.payment_collections})
        sent, responses = [], []
        for request in requests:
            real, ours = _exchange(self.real, request), _exchange(self.mock, request)
            sent.append(request)
            responses.append(real)
            texts = [*comparison.responses(real, ours.status, [*ours.headers], ours.content or b"")]
            if texts:
                return Difference(sent, responses, texts)
        return None

    def _minimize(self, found: Difference) -> Difference:
        """Return a difference of the same cause, with fewer and shorter requests."""

        def differs(*fewer: Request) -> bool:
            nonlocal found
            other = self.compare(fewer)
            if other is None or other.cause != found.cause:
                return False
            found = other
            return True

        requests = shrink(tuple(found.requests), lambda fewer: differs(*fewer))
        for number, request in enumerate(requests):
            first, last = requests[:number], requests[number + 1 :]
            smaller = _shrink_request(request, partial(_call_between, differs, first, last))
            requests = (*first, smaller, *last)
        return found


def _call_between(
    differs: Callable[..., bool],
    first: tuple[Request, ...],
    last: tuple[Request, ...],
    request: Request,
) -> bool:
    return differs(*first, request, *last)


def _shrink_request(request: Request, differs: Callable[[Request], bool]) -> Request:
    """Return a request without the headers and the parts of target and body that it can spare."""
    headers = shrink(request.headers, lambda fewer: differs(replace(request, headers=fewer)))
    request = replace(request, headers=headers)
    without_body = replace(request, body=None, body_base64=None)
    if differs(without_body):
        request = without_body
    return _shrink_text(_shrink_text(request, "target", differs), "body", differs)


def _shrink_text(request: Request, name: str, differs: Callable[[Request], bool]) -> Request:
    def with_tokens(tokens: tuple[str, ...]) -> Request:
        return replace(request, **{name: "".join(tokens)})

    tokens = tuple(_TOKEN.findall(getattr(request, name) or ""))
    if not tokens:
        return request
    return with_tokens(shrink(tokens, lambda fewer: differs(with_tokens(fewer))))


def _exchange(url: str, request: Request) -> Response:
    """Send a request; return the response, which has the status 0 if there is none."""
    try:
        status, headers, body = send(Upstream.parse(url), request)
    except (OSError, http.client.HTTPException) as error:
        return Response(status=0, body=f"no response: {type(error).__name__}")
    kept = tuple(each for each in headers if _KEPT_HEADERS.fullmatch(each[0]))
    return Response(status=status, headers=kept, **as_text(body))


def write_recording(path: Path, store: Any, cases: Iterable[Case]) -> None:
    """Write cases, and the store before them, as a recording."""
    written = msgspec.to_builtins([*cases])
    for case in written:
        for message in (case["request"], case["response"]):
            for name in ("body", "body_base64"):
                if message[name] is None:
                    del message[name]
    content = {"store": store, "cases": written}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def main() -> int:
    """Compare, print the differences, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/differ", description=__doc__)
    add = parser.add_argument
    add("--real", required=True, metavar="URL", help="the backend, as it was set up from FILE")
    add(
        "--store",
        required=True,
        type=Path,
        metavar="FILE",
        help="a recording; only its store counts",
    )
    add("--seed", type=int, default=0, help="another seed makes other requests (default: 0)")
    add("--calls", type=int, default=1_000, help="how many requests to send (default: 1,000)")
    add("--output", type=Path, default="differences.json", help="(default: differences.json)")
    options = parser.parse_args()
    try:
        store = read_recording(options.store, utc_now()).store
        send(Upstream.parse(options.real), Request(method="GET", target="/"))
    except OSError as error:
        print(f"cannot reach {options.real}: {error}", file=sys.stderr)
        return 2
    except RecordingError as error:
        print(f"cannot compare: {error}", file=sys.stderr)
        return 2
    cases: list[Case] = []
    app = create_app(store=store, dialect=MEDUSA, control=Access())
    with served(app) as url:
        differ = Differ(options.real, url, store)
        for number, found in enumerate(differ.find(options.seed, options.calls), start=1):
            print(f"{number}. {found.texts[0]}", flush=True)
            for request in found.requests:
                print(f"   {request.method} {request.target} {request.content!r}")
            cases += found.cases(f"differ-{options.seed}-{number}")
    if cases:
        content = json.loads(options.store.read_text("utf-8"))
        write_recording(options.output, content["store"], cases)
        print(f"written: {options.output}")
    print(f"{len({each.scene for each in cases})} differences")
    return min(len(cases), 1)


if __name__ == "__main__":
    sys.exit(main())
