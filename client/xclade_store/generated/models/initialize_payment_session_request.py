from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.initialize_payment_session_request_data import (
        InitializePaymentSessionRequestData,
    )


T = TypeVar("T", bound="InitializePaymentSessionRequest")


@_attrs_define
class InitializePaymentSessionRequest:
    """
    Attributes:
        provider_id (str): The id of the payment provider that the customer chose.
        data (InitializePaymentSessionRequestData | Unset): Whatever the provider needs to process the payment. The new
            session's `data` is this, under
            what the provider itself returns. Strings with NUL characters or lone surrogates, and
            numbers beyond a double's range, are refused.
    """

    provider_id: str
    data: InitializePaymentSessionRequestData | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        provider_id = self.provider_id

        data: dict[str, Any] | Unset = UNSET
        if not isinstance(self.data, Unset):
            data = self.data.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "provider_id": provider_id,
            }
        )
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.initialize_payment_session_request_data import (
            InitializePaymentSessionRequestData,
        )

        d = dict(src_dict)
        provider_id = d.pop("provider_id")

        _data = d.pop("data", UNSET)
        data: InitializePaymentSessionRequestData | Unset
        if isinstance(_data, Unset):
            data = UNSET
        else:
            data = InitializePaymentSessionRequestData.from_dict(_data)

        initialize_payment_session_request = cls(
            provider_id=provider_id,
            data=data,
        )

        return initialize_payment_session_request
