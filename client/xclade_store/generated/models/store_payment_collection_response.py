from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.store_payment_collection import StorePaymentCollection
    from ..models.store_payment_collection_selection import (
        StorePaymentCollectionSelection,
    )


T = TypeVar("T", bound="StorePaymentCollectionResponse")


@_attrs_define
class StorePaymentCollectionResponse:
    """
    Attributes:
        payment_collection (StorePaymentCollection | StorePaymentCollectionSelection): With the default fields, or more,
            the first; when `fields` left some out, the second.
    """

    payment_collection: StorePaymentCollection | StorePaymentCollectionSelection
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.store_payment_collection import StorePaymentCollection

        payment_collection: dict[str, Any]
        if isinstance(self.payment_collection, StorePaymentCollection):
            payment_collection = self.payment_collection.to_dict()
        else:
            payment_collection = self.payment_collection.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "payment_collection": payment_collection,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.store_payment_collection import StorePaymentCollection
        from ..models.store_payment_collection_selection import (
            StorePaymentCollectionSelection,
        )

        d = dict(src_dict)

        def _parse_payment_collection(
            data: object,
        ) -> StorePaymentCollection | StorePaymentCollectionSelection:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                payment_collection_type_0 = StorePaymentCollection.from_dict(data)

                return payment_collection_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            payment_collection_type_1 = StorePaymentCollectionSelection.from_dict(data)

            return payment_collection_type_1

        payment_collection = _parse_payment_collection(d.pop("payment_collection"))

        store_payment_collection_response = cls(
            payment_collection=payment_collection,
        )

        store_payment_collection_response.additional_properties = d
        return store_payment_collection_response

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
