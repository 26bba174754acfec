"""Who may call: the publishable API key, and a customer's token beside it."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import TypeVar

from starlette.types import Scope

from xclade_store_mock.errors import PublishableKeyInvalid, PublishableKeyMissing
from xclade_store_mock.storage import Storage
from xclade_store_mock.web.guard import read_header

T = TypeVar("T")


async def check_publishable_key(storage: Storage, scope: Scope) -> None:
    """Raise PublishableKeyMissing or PublishableKeyInvalid; a key sent twice is no key."""
    token = read_header(scope, "x-publishable-api-key")
    if not token:
        raise PublishableKeyMissing
    key = find_by_secret((await storage.settings()).publishable_keys, token)
    if key is None or key.revoked:
        raise PublishableKeyInvalid


def find_by_secret(held: Mapping[str, T], secret: str) -> T | None:
    """Find what a secret stands for, in a time that tells nothing of the secrets that are held."""
    sent = secret.encode()
    found = None
    for each, value in held.items():
        if compare_digest(each.encode(), sent):
            found = value
    return found
