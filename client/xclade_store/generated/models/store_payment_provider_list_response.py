from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.store_payment_provider import StorePaymentProvider


T = TypeVar("T", bound="StorePaymentProviderListResponse")


@_attrs_define
class StorePaymentProviderListResponse:
    """
    Attributes:
        payment_providers (list[StorePaymentProvider]):
        count (int): How many providers the region has, on all pages.
        offset (int):
        limit (int):
    """

    payment_providers: list[StorePaymentProvider]
    count: int
    offset: int
    limit: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        payment_providers = []
        for payment_providers_item_data in self.payment_providers:
            payment_providers_item = payment_providers_item_data.to_dict()
            payment_providers.append(payment_providers_item)

        count = self.count

        offset = self.offset

        limit = self.limit

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "payment_providers": payment_providers,
                "count": count,
                "offset": offset,
                "limit": limit,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.store_payment_provider import StorePaymentProvider

        d = dict(src_dict)
        payment_providers = []
        _payment_providers = d.pop("payment_providers")
        for payment_providers_item_data in _payment_providers:
            payment_providers_item = StorePaymentProvider.from_dict(
                payment_providers_item_data
            )

            payment_providers.append(payment_providers_item)

        count = d.pop("count")

        offset = d.pop("offset")

        limit = d.pop("limit")

        store_payment_provider_list_response = cls(
            payment_providers=payment_providers,
            count=count,
            offset=offset,
            limit=limit,
        )

        store_payment_provider_list_response.additional_properties = d
        return store_payment_provider_list_response

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
