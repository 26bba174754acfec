"""Test runs of their own, for the pytest plugin."""

import pytest

SHOP = """
publishable_keys: [{token: pk_old, revoked: true}, {token: pk_shop}]
payment_providers: [{id: pp_system_default}]
regions:
  - {id: reg_us, currency_code: usd, payment_providers: [pp_system_default]}
  - {id: reg_eu, currency_code: eur, payment_providers: [pp_system_default]}
cors_origins: ["http://shop.example"]
"""


class Runs:
    """Runs tests as a user of the plugin would, with warnings as errors."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, passed: int, errors: int = 0, **files: str) -> pytest.RunResult:
        """Run only these files: so many tests must pass, have errors in fixtures, and none fail."""
        self._pytester.makepyfile(**files)
        # By its entry point's name, which is the package's, too: that one has no fixtures.
        result = self._pytester.runpytest_subprocess("-p", "xclade_store_mock", "-W", "error")
        result.assert_outcomes(passed=passed, errors=errors)
        return result
