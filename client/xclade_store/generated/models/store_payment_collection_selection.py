from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.metadata import Metadata
    from ..models.store_payment import StorePayment
    from ..models.store_payment_provider import StorePaymentProvider
    from ..models.store_payment_session_selection import StorePaymentSessionSelection


T = TypeVar("T", bound="StorePaymentCollectionSelection")


@_attrs_define
class StorePaymentCollectionSelection:
    """A payment collection of which `fields` left out some of the default fields.

    Attributes:
        id (str):
        currency_code (str | Unset): ISO 4217, in lower case. Example: usd.
        amount (float | Unset): Major units: `25.5` in `usd` is $25.50. Example: 25.5.
        authorized_amount (float | None | Unset): Major units; null until there is such an amount. Example: 25.5.
        captured_amount (float | None | Unset): Major units; null until there is such an amount. Example: 25.5.
        refunded_amount (float | None | Unset): Major units; null until there is such an amount. Example: 25.5.
        completed_at (datetime.datetime | None | Unset):  Example: 2026-01-15T09:30:00.000Z.
        created_at (datetime.datetime | Unset):  Example: 2026-01-15T09:30:00.000Z.
        updated_at (datetime.datetime | Unset):  Example: 2026-01-15T09:30:00.000Z.
        metadata (Metadata | None | Unset): Whatever the store's own code keeps there.
        status (str | Unset): How far the payment has come: `not_paid`, `awaiting`, `authorized`,
            `partially_authorized`,
            `canceled`, `failed`, `partially_captured` or `completed`. More may come.
             Example: not_paid.
        payment_providers (list[StorePaymentProvider] | Unset):
        payment_sessions (list[StorePaymentSessionSelection] | Unset):
        payments (list[StorePayment] | Unset):
    """

    id: str
    currency_code: str | Unset = UNSET
    amount: float | Unset = UNSET
    authorized_amount: float | None | Unset = UNSET
    captured_amount: float | None | Unset = UNSET
    refunded_amount: float | None | Unset = UNSET
    completed_at: datetime.datetime | None | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET
    updated_at: datetime.datetime | Unset = UNSET
    metadata: Metadata | None | Unset = UNSET
    status: str | Unset = UNSET
    payment_providers: list[StorePaymentProvider] | Unset = UNSET
    payment_sessions: list[StorePaymentSessionSelection] | Unset = UNSET
    payments: list[StorePayment] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.metadata import Metadata

        id = self.id

        currency_code = self.currency_code

        amount = self.amount

        authorized_amount: float | None | Unset
        if isinstance(self.authorized_amount, Unset):
            authorized_amount = UNSET
        else:
            authorized_amount = self.authorized_amount

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

        completed_at: None | str | Unset
        if isinstance(self.completed_at, Unset):
            completed_at = UNSET
        elif isinstance(self.completed_at, datetime.datetime):
            completed_at = self.completed_at.isoformat(
                timespec="microseconds"
                if self.completed_at.microsecond % 1000
                else "milliseconds"
            ).replace("+00:00", "Z")
        else:
            completed_at = self.completed_at

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

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, Metadata):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        status = self.status

        payment_providers: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payment_providers, Unset):
            payment_providers = []
            for payment_providers_item_data in self.payment_providers:
                payment_providers_item = payment_providers_item_data.to_dict()
                payment_providers.append(payment_providers_item)

        payment_sessions: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payment_sessions, Unset):
            payment_sessions = []
            for payment_sessions_item_data in self.payment_sessions:
                payment_sessions_item = payment_sessions_item_data.to_dict()
                payment_sessions.append(payment_sessions_item)

        payments: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payments, Unset):
            payments = []
            for payments_item_data in self.payments:
                payments_item = payments_item_data.to_dict()
                payments.append(payments_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if currency_code is not UNSET:
            field_dict["currency_code"] = currency_code
        if amount is not UNSET:
            field_dict["amount"] = amount
        if authorized_amount is not UNSET:
            field_dict["authorized_amount"] = authorized_amount
        if captured_amount is not UNSET:
            field_dict["captured_amount"] = captured_amount
        if refunded_amount is not UNSET:
            field_dict["refunded_amount"] = refunded_amount
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if status is not UNSET:
            field_dict["status"] = status
        if payment_providers is not UNSET:
            field_dict["payment_providers"] = payment_providers
        if payment_sessions is not UNSET:
            field_dict["payment_sessions"] = payment_sessions
        if payments is not UNSET:
            field_dict["payments"] = payments

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.metadata import Metadata
        from ..models.store_payment import StorePayment
        from ..models.store_payment_provider import StorePaymentProvider
        from ..models.store_payment_session_selection import (
            StorePaymentSessionSelection,
        )

        d = dict(src_dict)
        id = d.pop("id")

        currency_code = d.pop("currency_code", UNSET)

        amount = d.pop("amount", UNSET)

        def _parse_authorized_amount(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        authorized_amount = _parse_authorized_amount(d.pop("authorized_amount", UNSET))

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

        def _parse_completed_at(data: object) -> datetime.datetime | None | Unset:
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

        completed_at = _parse_completed_at(d.pop("completed_at", UNSET))

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

        def _parse_metadata(data: object) -> Metadata | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_metadata_type_0 = Metadata.from_dict(data)

                return componentsschemas_metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Metadata | None | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        status = d.pop("status", UNSET)

        _payment_providers = d.pop("payment_providers", UNSET)
        payment_providers: list[StorePaymentProvider] | Unset = UNSET
        if _payment_providers is not UNSET:
            payment_providers = []
            for payment_providers_item_data in _payment_providers:
                payment_providers_item = StorePaymentProvider.from_dict(
                    payment_providers_item_data
                )

                payment_providers.append(payment_providers_item)

        _payment_sessions = d.pop("payment_sessions", UNSET)
        payment_sessions: list[StorePaymentSessionSelection] | Unset = UNSET
        if _payment_sessions is not UNSET:
            payment_sessions = []
            for payment_sessions_item_data in _payment_sessions:
                payment_sessions_item = StorePaymentSessionSelection.from_dict(
                    payment_sessions_item_data
                )

                payment_sessions.append(payment_sessions_item)

        _payments = d.pop("payments", UNSET)
        payments: list[StorePayment] | Unset = UNSET
        if _payments is not UNSET:
            payments = []
            for payments_item_data in _payments:
                payments_item = StorePayment.from_dict(payments_item_data)

                payments.append(payments_item)

        store_payment_collection_selection = cls(
            id=id,
            currency_code=currency_code,
            amount=amount,
            authorized_amount=authorized_amount,
            captured_amount=captured_amount,
            refunded_amount=refunded_amount,
            completed_at=completed_at,
            created_at=created_at,
            updated_at=updated_at,
            metadata=metadata,
            status=status,
            payment_providers=payment_providers,
            payment_sessions=payment_sessions,
            payments=payments,
        )

        store_payment_collection_selection.additional_properties = d
        return store_payment_collection_selection

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
