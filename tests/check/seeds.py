"""Check an honest mock with many seeds: each finding is a false alarm."""

from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from io import StringIO

from xclade_store_mock.cli import main

_IDS = ("--region-id", "reg_demo", "--cart-id", "cart_demo")
_PROVIDERS = ("pp_system_default", "pp_stripe_stripe")


def false_alarms(
    url: str, dialect: str, seeds: Iterable[int], max_examples: int = 100
) -> Iterator[str]:
    """Yield the reports that have findings; the provider changes with the seed."""
    for seed in seeds:
        provider = _PROVIDERS[seed % len(_PROVIDERS)]
        options = ("--dialect", dialect, "--provider-id", provider, "--seed", str(seed))
        budget = ("--max-examples", str(max_examples))
        with redirect_stdout(StringIO()) as report:
            code = main(["check", url, "--publishable-key", "pk_demo", *_IDS, *options, *budget])
        if code != 0:
            yield report.getvalue()
