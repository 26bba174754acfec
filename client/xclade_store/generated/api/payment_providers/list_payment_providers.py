from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from ... import errors
from ...models.error import Error
from ...models.store_payment_provider_list_response import (
    StorePaymentProviderListResponse,
)
from ...types import UNSET, Response, Unset

if TYPE_CHECKING:
    from ...client import AuthenticatedClient, Client


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


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | StorePaymentProviderListResponse | str | None:
    if response.status_code == 200:
        response_200 = StorePaymentProviderListResponse.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = response.text
        return response_401

    if response.status_code == 500:
        response_500 = Error.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Error | StorePaymentProviderListResponse | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    region_id: str,
    limit: int | Unset = 20,
    offset: int | Unset = 0,
    fields: str | Unset = UNSET,
) -> Response[Error | StorePaymentProviderListResponse | str]:
    """List the payment providers of a region

     Answers one page of the providers that are linked to the region, ordered by id. A provider
    that is switched off is listed with `is_enabled: false`. A region that does not exist has no
    providers, which is an empty list rather than an error.

    Args:
        region_id (str):
        limit (int | Unset):  Default: 20.
        offset (int | Unset):  Default: 0.
        fields (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | StorePaymentProviderListResponse | str]
    """

    kwargs = _get_kwargs(
        region_id=region_id,
        limit=limit,
        offset=offset,
        fields=fields,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    region_id: str,
    limit: int | Unset = 20,
    offset: int | Unset = 0,
    fields: str | Unset = UNSET,
) -> Error | StorePaymentProviderListResponse | str | None:
    """List the payment providers of a region

     Answers one page of the providers that are linked to the region, ordered by id. A provider
    that is switched off is listed with `is_enabled: false`. A region that does not exist has no
    providers, which is an empty list rather than an error.

    Args:
        region_id (str):
        limit (int | Unset):  Default: 20.
        offset (int | Unset):  Default: 0.
        fields (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | StorePaymentProviderListResponse | str
    """

    return sync_detailed(
        client=client,
        region_id=region_id,
        limit=limit,
        offset=offset,
        fields=fields,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    region_id: str,
    limit: int | Unset = 20,
    offset: int | Unset = 0,
    fields: str | Unset = UNSET,
) -> Response[Error | StorePaymentProviderListResponse | str]:
    """List the payment providers of a region

     Answers one page of the providers that are linked to the region, ordered by id. A provider
    that is switched off is listed with `is_enabled: false`. A region that does not exist has no
    providers, which is an empty list rather than an error.

    Args:
        region_id (str):
        limit (int | Unset):  Default: 20.
        offset (int | Unset):  Default: 0.
        fields (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | StorePaymentProviderListResponse | str]
    """

    kwargs = _get_kwargs(
        region_id=region_id,
        limit=limit,
        offset=offset,
        fields=fields,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    region_id: str,
    limit: int | Unset = 20,
    offset: int | Unset = 0,
    fields: str | Unset = UNSET,
) -> Error | StorePaymentProviderListResponse | str | None:
    """List the payment providers of a region

     Answers one page of the providers that are linked to the region, ordered by id. A provider
    that is switched off is listed with `is_enabled: false`. A region that does not exist has no
    providers, which is an empty list rather than an error.

    Args:
        region_id (str):
        limit (int | Unset):  Default: 20.
        offset (int | Unset):  Default: 0.
        fields (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | StorePaymentProviderListResponse | str
    """

    return (
        await asyncio_detailed(
            client=client,
            region_id=region_id,
            limit=limit,
            offset=offset,
            fields=fields,
        )
    ).parsed
