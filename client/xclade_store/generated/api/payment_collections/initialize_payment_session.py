from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from ... import errors
from ...models.error import Error
from ...models.initialize_payment_session_request import InitializePaymentSessionRequest
from ...models.store_payment_collection_response import StorePaymentCollectionResponse
from ...types import UNSET, Response, Unset

if TYPE_CHECKING:
    from ...client import AuthenticatedClient, Client


def _get_kwargs(
    id: str,
    *,
    body: InitializePaymentSessionRequest,
    fields: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    params: dict[str, Any] = {}

    params["fields"] = fields

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/store/payment-collections/{id}/payment-sessions".format(
            id=quote(str(id), safe=""),
        ),
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

    if response.status_code == 409:
        response_409 = Error.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = Error.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Error.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Error.from_dict(response.json())

        return response_422

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
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: InitializePaymentSessionRequest,
    fields: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Response[Error | StorePaymentCollectionResponse | str]:
    """Initialize a payment session of a payment collection

     Adds a payment session for the provider that the customer chose, over the collection's whole
    amount, and answers the collection with it. A collection holds one session at a time: a
    session that was initialized earlier is replaced. After a refusal or a failure the earlier
    session is still there.

    An amount of 0 is refused by third-party providers such as Stripe, some of which also have a
    minimum; choose the manual system provider `pp_system_default` for it.

    Args:
        id (str):
        fields (str | Unset):
        idempotency_key (str | Unset):
        body (InitializePaymentSessionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | StorePaymentCollectionResponse | str]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        fields=fields,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: InitializePaymentSessionRequest,
    fields: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Error | StorePaymentCollectionResponse | str | None:
    """Initialize a payment session of a payment collection

     Adds a payment session for the provider that the customer chose, over the collection's whole
    amount, and answers the collection with it. A collection holds one session at a time: a
    session that was initialized earlier is replaced. After a refusal or a failure the earlier
    session is still there.

    An amount of 0 is refused by third-party providers such as Stripe, some of which also have a
    minimum; choose the manual system provider `pp_system_default` for it.

    Args:
        id (str):
        fields (str | Unset):
        idempotency_key (str | Unset):
        body (InitializePaymentSessionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | StorePaymentCollectionResponse | str
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
        fields=fields,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: InitializePaymentSessionRequest,
    fields: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Response[Error | StorePaymentCollectionResponse | str]:
    """Initialize a payment session of a payment collection

     Adds a payment session for the provider that the customer chose, over the collection's whole
    amount, and answers the collection with it. A collection holds one session at a time: a
    session that was initialized earlier is replaced. After a refusal or a failure the earlier
    session is still there.

    An amount of 0 is refused by third-party providers such as Stripe, some of which also have a
    minimum; choose the manual system provider `pp_system_default` for it.

    Args:
        id (str):
        fields (str | Unset):
        idempotency_key (str | Unset):
        body (InitializePaymentSessionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | StorePaymentCollectionResponse | str]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        fields=fields,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: InitializePaymentSessionRequest,
    fields: str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Error | StorePaymentCollectionResponse | str | None:
    """Initialize a payment session of a payment collection

     Adds a payment session for the provider that the customer chose, over the collection's whole
    amount, and answers the collection with it. A collection holds one session at a time: a
    session that was initialized earlier is replaced. After a refusal or a failure the earlier
    session is still there.

    An amount of 0 is refused by third-party providers such as Stripe, some of which also have a
    minimum; choose the manual system provider `pp_system_default` for it.

    Args:
        id (str):
        fields (str | Unset):
        idempotency_key (str | Unset):
        body (InitializePaymentSessionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | StorePaymentCollectionResponse | str
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            fields=fields,
            idempotency_key=idempotency_key,
        )
    ).parsed
