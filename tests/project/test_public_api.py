"""The public API of `xclade_store_mock`."""

import subprocess
import sys

import xclade_store_mock

NAMES = {
    "Access",
    "Cart",
    "Customer",
    "DIALECTS",
    "Dialect",
    "PaymentCollection",
    "PaymentProvider",
    "PaymentSession",
    "Provider",
    "ProviderRefused",
    "ProviderSession",
    "ProviderUnreachable",
    "PublishableKey",
    "Region",
    "SessionRequest",
    "Settings",
    "Store",
    "create_app",
    "demo_store",
    "read_store",
}


def test_public_names() -> None:
    """The public names are these, and each can be imported."""
    assert NAMES == {*xclade_store_mock.__all__}
    assert {*xclade_store_mock.DIALECTS} == {"documented", "medusa"}
    for name in NAMES:
        assert getattr(xclade_store_mock, name)


def test_import_is_cheap() -> None:
    """Importing the package, as pytest does in every run, imports no server."""
    program = "import sys, xclade_store_mock; print({'connexion', 'uvicorn'} & {*sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert "set()" == result.stdout.strip()
