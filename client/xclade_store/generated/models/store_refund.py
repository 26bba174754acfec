from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.back_reference import BackReference
    from ..models.store_refund_reason import StoreRefundReason


T = TypeVar("T", bound="StoreRefund")


@_attrs_define
class StoreRefund:
    """
    Attributes:
        id (str):
        amount (float | Unset): Major units: `25.5` in `usd` is $25.50. Example: 25.5.
        refund_reason_id (None | str | Unset):
        note (None | str | Unset):
        created_at (datetime.datetime | Unset):  Example: 2026-01-15T09:30:00.000Z.
        created_by (None | str | Unset):
        payment (BackReference | None | Unset): The object that this one belongs to, as far as `fields` asks for it.
        refund_reason (None | StoreRefundReason | Unset):
    """

    id: str
    amount: float | Unset = UNSET
    refund_reason_id: None | str | Unset = UNSET
    note: None | str | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET
    created_by: None | str | Unset = UNSET
    payment: BackReference | None | Unset = UNSET
    refund_reason: None | StoreRefundReason | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.back_reference import BackReference
        from ..models.store_refund_reason import StoreRefundReason

        id = self.id

        amount = self.amount

        refund_reason_id: None | str | Unset
        if isinstance(self.refund_reason_id, Unset):
            refund_reason_id = UNSET
        else:
            refund_reason_id = self.refund_reason_id

        note: None | str | Unset
        if isinstance(self.note, Unset):
            note = UNSET
        else:
            note = self.note

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat(
                timespec="microseconds"
                if self.created_at.microsecond % 1000
                else "milliseconds"
            ).replace("+00:00", "Z")

        created_by: None | str | Unset
        if isinstance(self.created_by, Unset):
            created_by = UNSET
        else:
            created_by = self.created_by

        payment: dict[str, Any] | None | Unset
        if isinstance(self.payment, Unset):
            payment = UNSET
        elif isinstance(self.payment, BackReference):
            payment = self.payment.to_dict()
        else:
            payment = self.payment

        refund_reason: dict[str, Any] | None | Unset
        if isinstance(self.refund_reason, Unset):
            refund_reason = UNSET
        elif isinstance(self.refund_reason, StoreRefundReason):
            refund_reason = self.refund_reason.to_dict()
        else:
            refund_reason = self.refund_reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if amount is not UNSET:
            field_dict["amount"] = amount
        if refund_reason_id is not UNSET:
            field_dict["refund_reason_id"] = refund_reason_id
        if note is not UNSET:
            field_dict["note"] = note
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if created_by is not UNSET:
            field_dict["created_by"] = created_by
        if payment is not UNSET:
            field_dict["payment"] = payment
        if refund_reason is not UNSET:
            field_dict["refund_reason"] = refund_reason

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.back_reference import BackReference
        from ..models.store_refund_reason import StoreRefundReason

        d = dict(src_dict)
        id = d.pop("id")

        amount = d.pop("amount", UNSET)

        def _parse_refund_reason_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        refund_reason_id = _parse_refund_reason_id(d.pop("refund_reason_id", UNSET))

        def _parse_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        note = _parse_note(d.pop("note", UNSET))

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        def _parse_created_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        created_by = _parse_created_by(d.pop("created_by", UNSET))

        def _parse_payment(data: object) -> BackReference | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_back_reference_type_0 = BackReference.from_dict(data)

                return componentsschemas_back_reference_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BackReference | None | Unset, data)

        payment = _parse_payment(d.pop("payment", UNSET))

        def _parse_refund_reason(data: object) -> None | StoreRefundReason | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                refund_reason_type_0 = StoreRefundReason.from_dict(data)

                return refund_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StoreRefundReason | Unset, data)

        refund_reason = _parse_refund_reason(d.pop("refund_reason", UNSET))

        store_refund = cls(
            id=id,
            amount=amount,
            refund_reason_id=refund_reason_id,
            note=note,
            created_at=created_at,
            created_by=created_by,
            payment=payment,
            refund_reason=refund_reason,
        )

        store_refund.additional_properties = d
        return store_refund

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
