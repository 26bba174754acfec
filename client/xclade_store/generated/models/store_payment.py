from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.back_reference import BackReference
    from ..models.store_capture import StoreCapture
    from ..models.store_payment_data import StorePaymentData
    from ..models.store_refund import StoreRefund


T = TypeVar("T", bound="StorePayment")


@_attrs_define
class StorePayment:
    """A payment that a provider authorized; inside a session it may be just its id.

    Attributes:
        id (str):
        amount (float | Unset): Major units: `25.5` in `usd` is $25.50. Example: 25.5.
        authorized_amount (float | None | Unset): Major units; null until there is such an amount. Example: 25.5.
        currency_code (str | Unset): ISO 4217, in lower case. Example: usd.
        provider_id (str | Unset):
        data (None | StorePaymentData | Unset):
        created_at (datetime.datetime | Unset):  Example: 2026-01-15T09:30:00.000Z.
        updated_at (datetime.datetime | Unset):  Example: 2026-01-15T09:30:00.000Z.
        captured_at (datetime.datetime | None | Unset):  Example: 2026-01-15T09:30:00.000Z.
        canceled_at (datetime.datetime | None | Unset):  Example: 2026-01-15T09:30:00.000Z.
        captured_amount (float | None | Unset): Major units; null until there is such an amount. Example: 25.5.
        refunded_amount (float | None | Unset): Major units; null until there is such an amount. Example: 25.5.
        captures (list[StoreCapture] | Unset):
        refunds (list[StoreRefund] | Unset):
        payment_collection (BackReference | None | Unset): The object that this one belongs to, as far as `fields` asks
            for it.
        payment_session (BackReference | None | Unset): The object that this one belongs to, as far as `fields` asks for
            it.
    """

    id: str
    amount: float | Unset = UNSET
    authorized_amount: float | None | Unset = UNSET
    currency_code: str | Unset = UNSET
    provider_id: str | Unset = UNSET
    data: None | StorePaymentData | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET
    updated_at: datetime.datetime | Unset = UNSET
    captured_at: datetime.datetime | None | Unset = UNSET
    canceled_at: datetime.datetime | None | Unset = UNSET
    captured_amount: float | None | Unset = UNSET
    refunded_amount: float | None | Unset = UNSET
    captures: list[StoreCapture] | Unset = UNSET
    refunds: list[StoreRefund] | Unset = UNSET
    payment_collection: BackReference | None | Unset = UNSET
    payment_session: BackReference | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.back_reference import BackReference
        from ..models.store_payment_data import StorePaymentData

        id = self.id

        amount = self.amount

        authorized_amount: float | None | Unset
        if isinstance(self.authorized_amount, Unset):
            authorized_amount = UNSET
        else:
            authorized_amount = self.authorized_amount

        currency_code = self.currency_code

        provider_id = self.provider_id

        data: dict[str, Any] | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, StorePaymentData):
            data = self.data.to_dict()
        else:
            data = self.data

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat(
                timespec="microseconds"
                if self.created_at.microsecond % 1000
                else "milliseconds"
            ).replace("+00:00", "Z")

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = self.updated_at.isoformat(
                timespec="microseconds"
                if self.updated_at.microsecond % 1000
                else "milliseconds"
            ).replace("+00:00", "Z")

        captured_at: None | str | Unset
        if isinstance(self.captured_at, Unset):
            captured_at = UNSET
        elif isinstance(self.captured_at, datetime.datetime):
            captured_at = self.captured_at.isoformat(
                timespec="microseconds"
                if self.captured_at.microsecond % 1000
                else "milliseconds"
            ).replace("+00:00", "Z")
        else:
            captured_at = self.captured_at

        canceled_at: None | str | Unset
        if isinstance(self.canceled_at, Unset):
            canceled_at = UNSET
        elif isinstance(self.canceled_at, datetime.datetime):
            canceled_at = self.canceled_at.isoformat(
                timespec="microseconds"
                if self.canceled_at.microsecond % 1000
                else "milliseconds"
            ).replace("+00:00", "Z")
        else:
            canceled_at = self.canceled_at

        captured_amount: float | None | Unset
        if isinstance(self.captured_amount, Unset):
            captured_amount = UNSET
        else:
            captured_amount = self.captured_amount

        refunded_amount: float | None | Unset
        if isinstance(self.refunded_amount, Unset):
            refunded_amount = UNSET
        else:
            refunded_amount = self.refunded_amount

        captures: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.captures, Unset):
            captures = []
            for captures_item_data in self.captures:
                captures_item = captures_item_data.to_dict()
                captures.append(captures_item)

        refunds: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.refunds, Unset):
            refunds = []
            for refunds_item_data in self.refunds:
                refunds_item = refunds_item_data.to_dict()
                refunds.append(refunds_item)

        payment_collection: dict[str, Any] | None | Unset
        if isinstance(self.payment_collection, Unset):
            payment_collection = UNSET
        elif isinstance(self.payment_collection, BackReference):
            payment_collection = self.payment_collection.to_dict()
        else:
            payment_collection = self.payment_collection

        payment_session: dict[str, Any] | None | Unset
        if isinstance(self.payment_session, Unset):
            payment_session = UNSET
        elif isinstance(self.payment_session, BackReference):
            payment_session = self.payment_session.to_dict()
        else:
            payment_session = self.payment_session

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if amount is not UNSET:
            field_dict["amount"] = amount
        if authorized_amount is not UNSET:
            field_dict["authorized_amount"] = authorized_amount
        if currency_code is not UNSET:
            field_dict["currency_code"] = currency_code
        if provider_id is not UNSET:
            field_dict["provider_id"] = provider_id
        if data is not UNSET:
            field_dict["data"] = data
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if captured_at is not UNSET:
            field_dict["captured_at"] = captured_at
        if canceled_at is not UNSET:
            field_dict["canceled_at"] = canceled_at
        if captured_amount is not UNSET:
            field_dict["captured_amount"] = captured_amount
        if refunded_amount is not UNSET:
            field_dict["refunded_amount"] = refunded_amount
        if captures is not UNSET:
            field_dict["captures"] = captures
        if refunds is not UNSET:
            field_dict["refunds"] = refunds
        if payment_collection is not UNSET:
            field_dict["payment_collection"] = payment_collection
        if payment_session is not UNSET:
            field_dict["payment_session"] = payment_session

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.back_reference import BackReference
        from ..models.store_capture import StoreCapture
        from ..models.store_payment_data import StorePaymentData
        from ..models.store_refund import StoreRefund

        d = dict(src_dict)
        id = d.pop("id")

        amount = d.pop("amount", UNSET)

        def _parse_authorized_amount(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        authorized_amount = _parse_authorized_amount(d.pop("authorized_amount", UNSET))

        currency_code = d.pop("currency_code", UNSET)

        provider_id = d.pop("provider_id", UNSET)

        def _parse_data(data: object) -> None | StorePaymentData | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                data_type_0 = StorePaymentData.from_dict(data)

                return data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StorePaymentData | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = datetime.datetime.fromisoformat(_updated_at)

        def _parse_captured_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_nullable_timestamp_type_0 = (
                    datetime.datetime.fromisoformat(data)
                )

                return componentsschemas_nullable_timestamp_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        captured_at = _parse_captured_at(d.pop("captured_at", UNSET))

        def _parse_canceled_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_nullable_timestamp_type_0 = (
                    datetime.datetime.fromisoformat(data)
                )

                return componentsschemas_nullable_timestamp_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        canceled_at = _parse_canceled_at(d.pop("canceled_at", UNSET))

        def _parse_captured_amount(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        captured_amount = _parse_captured_amount(d.pop("captured_amount", UNSET))

        def _parse_refunded_amount(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        refunded_amount = _parse_refunded_amount(d.pop("refunded_amount", UNSET))

        _captures = d.pop("captures", UNSET)
        captures: list[StoreCapture] | Unset = UNSET
        if _captures is not UNSET:
            captures = []
            for captures_item_data in _captures:
                captures_item = StoreCapture.from_dict(captures_item_data)

                captures.append(captures_item)

        _refunds = d.pop("refunds", UNSET)
        refunds: list[StoreRefund] | Unset = UNSET
        if _refunds is not UNSET:
            refunds = []
            for refunds_item_data in _refunds:
                refunds_item = StoreRefund.from_dict(refunds_item_data)

                refunds.append(refunds_item)

        def _parse_payment_collection(data: object) -> BackReference | None | Unset:
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

        payment_collection = _parse_payment_collection(
            d.pop("payment_collection", UNSET)
        )

        def _parse_payment_session(data: object) -> BackReference | None | Unset:
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

        payment_session = _parse_payment_session(d.pop("payment_session", UNSET))

        store_payment = cls(
            id=id,
            amount=amount,
            authorized_amount=authorized_amount,
            currency_code=currency_code,
            provider_id=provider_id,
            data=data,
            created_at=created_at,
            updated_at=updated_at,
            captured_at=captured_at,
            canceled_at=canceled_at,
            captured_amount=captured_amount,
            refunded_amount=refunded_amount,
            captures=captures,
            refunds=refunds,
            payment_collection=payment_collection,
            payment_session=payment_session,
        )

        store_payment.additional_properties = d
        return store_payment

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
