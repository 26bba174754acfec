"""Generated from openapi/store.yaml by scripts/generate; do not edit."""

from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
