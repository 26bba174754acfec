"""OpenTelemetry's instrumentation of httpx sees the client's calls."""

import httpx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from xclade_store import Retries, StoreClient

PAGE = {"payment_providers": [], "count": 0, "offset": 0, "limit": 20}


def test_each_attempt_is_a_span() -> None:
    """A call that is made twice leaves two spans, with the statuses of its attempts."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    answers = [httpx.Response(503), httpx.Response(200, json=PAGE)]
    http = httpx.Client(transport=httpx.MockTransport(lambda _: answers.pop(0)))
    HTTPXClientInstrumentor.instrument_client(http, tracer_provider=provider)
    patience = Retries(sleep=lambda _: None)

    with StoreClient(
        "http://store.test", publishable_key="pk", retries=patience, http_client=http
    ) as store:
        store.list_payment_providers("reg_demo")

    statuses = [
        (span.attributes or {}).get("http.status_code") for span in exporter.get_finished_spans()
    ]
    assert [503, 200] == statuses
