"""Test runs of their own, for the pytest plugin."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SHOP = """
publishable_keys: [{token: pk_old, revoked: true}, {token: pk_shop}]
payment_providers: [{id: pp_system_default}]
regions:
  - {id: reg_us, currency_code: usd, payment_providers: [pp_system_default]}
  - {id: reg_eu, currency_code: eur, payment_providers: [pp_system_default]}
cors_origins: ["http://shop.example"]
"""


def blocks(name: str = "testing.md") -> list[str]:
    """Return the Python examples of a page."""
    page = (ROOT / "docs" / name).read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


class Runs:
    """Runs tests as a user of the plugin would, with warnings as errors."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(
        self, passed: int, errors: int = 0, failed: int = 0, **files: str
    ) -> pytest.RunResult:
        """Run only these files: so many tests must pass, fail, or have errors in fixtures."""
        self._pytester.makepyfile(**files)
        # By its entry point's name, which is the package's, too: that one has no fixtures.
        result = self._pytester.runpytest_subprocess("-p", "xclade_store_mock", "-W", "error")
        result.assert_outcomes(passed=passed, errors=errors, failed=failed)
        return result
