from __future__ import annotations

from typing import Any

from ...types import UNSET, Unset


def _get_kwargs(
    *,
    region_id: str,
    limit: int | Unset = 20,
    offset: int | Unset = 0,
    fields: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["region_id"] = region_id

    params["limit"] = limit

    params["offset"] = offset

    params["fields"] = fields

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/store/payment-providers",
        "params": params,
    }

    return _kwargs
