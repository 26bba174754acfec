from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="CreatePaymentCollectionRequest")


@_attrs_define
class CreatePaymentCollectionRequest:
    """
    Attributes:
        cart_id (str): The id of the cart that is to be paid.
    """

    cart_id: str

    def to_dict(self) -> dict[str, Any]:
        cart_id = self.cart_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "cart_id": cart_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cart_id = d.pop("cart_id")

        create_payment_collection_request = cls(
            cart_id=cart_id,
        )

        return create_payment_collection_request
