"""The manual system provider, `pp_system_default`: takes every amount and adds nothing."""

from xclade_store_mock.providers import ProviderSession, SessionRequest


class SystemProvider:
    """Accept every payment, 0 included (documentation; recordings `amount/free-item-system`)."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - it looks at nothing
        """Answer a pending session that holds the request's data as it is."""
        return ProviderSession(data={})
