from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from ... import errors
from ...models.create_payment_collection_request import CreatePaymentCollectionRequest
from ...models.error import Error
from ...models.store_payment_collection_response import StorePaymentCollectionResponse
from ...types import UNSET, Response, Unset

if TYPE_CHECKING:
    from ...client import AuthenticatedClient, Client


def _get_kwargs(
    *,
    body: CreatePaymentCollectionRequest,
    fields: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["fields"] = fields

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/store/payment-collections",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | StorePaymentCollectionResponse | str | None:
    if response.status_code == 200:
        response_200 = StorePaymentCollectionResponse.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = response.text
        return response_401

    if response.status_code == 404:
        response_404 = Error.from_dict(response.json())

        return response_404

    if response.status_code == 413:
        response_413 = Error.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Error.from_dict(response.json())

        return response_415

    if response.status_code == 500:
        response_500 = Error.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Error | StorePaymentCollectionResponse | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreatePaymentCollectionRequest,
    fields: str | Unset = UNSET,
) -> Response[Error | StorePaymentCollectionResponse | str]:
    """Create a payment collection for a cart

     Answers the cart's payment collection, and creates it first if the cart has none: calling
    again is safe. Its amount and currency are the cart's.

    Args:
        fields (str | Unset):
        body (CreatePaymentCollectionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | StorePaymentCollectionResponse | str]
    """

    kwargs = _get_kwargs(
        body=body,
        fields=fields,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: CreatePaymentCollectionRequest,
    fields: str | Unset = UNSET,
) -> Error | StorePaymentCollectionResponse | str | None:
    """Create a payment collection for a cart

     Answers the cart's payment collection, and creates it first if the cart has none: calling
    again is safe. Its amount and currency are the cart's.

    Args:
        fields (str | Unset):
        body (CreatePaymentCollectionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | StorePaymentCollectionResponse | str
    """

    return sync_detailed(
        client=client,
        body=body,
        fields=fields,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreatePaymentCollectionRequest,
    fields: str | Unset = UNSET,
) -> Response[Error | StorePaymentCollectionResponse | str]:
    """Create a payment collection for a cart

     Answers the cart's payment collection, and creates it first if the cart has none: calling
    again is safe. Its amount and currency are the cart's.

    Args:
        fields (str | Unset):
        body (CreatePaymentCollectionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | StorePaymentCollectionResponse | str]
    """

    kwargs = _get_kwargs(
        body=body,
        fields=fields,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: CreatePaymentCollectionRequest,
    fields: str | Unset = UNSET,
) -> Error | StorePaymentCollectionResponse | str | None:
    """Create a payment collection for a cart

     Answers the cart's payment collection, and creates it first if the cart has none: calling
    again is safe. Its amount and currency are the cart's.

    Args:
        fields (str | Unset):
        body (CreatePaymentCollectionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | StorePaymentCollectionResponse | str
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            fields=fields,
        )
    ).parsed
