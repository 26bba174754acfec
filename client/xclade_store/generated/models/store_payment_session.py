from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.back_reference import BackReference
    from ..models.metadata import Metadata
    from ..models.raw_amount import RawAmount
    from ..models.store_payment import StorePayment
    from ..models.store_payment_session_context import StorePaymentSessionContext
    from ..models.store_payment_session_data import StorePaymentSessionData


T = TypeVar("T", bound="StorePaymentSession")


@_attrs_define
class StorePaymentSession:
    """A payment session with at least its default fields.

    Attributes:
        id (str):
        amount (float): Major units: `25.5` in `usd` is $25.50. Example: 25.5.
        currency_code (str): ISO 4217, in lower case. Example: usd.
        provider_id (str):
        data (StorePaymentSessionData): The provider's own view of the session, such as Stripe's PaymentIntent with the
            `client_secret` that the browser needs; amounts in it are in the provider's units.
        context (None | StorePaymentSessionContext): What the provider was told of the customer; empty for a guest.
        status (str): How far the session has come: `pending`, `requires_more`, `pending_authorization`,
            `authorized`, `captured`, `canceled` or `error`. More may come.
             Example: pending.
        authorized_at (datetime.datetime | None):  Example: 2026-01-15T09:30:00.000Z.
        payment (None | StorePayment): The payment, once the session is authorized.
        payment_collection_id (str | Unset):
        payment_collection (BackReference | None | Unset): The object that this one belongs to, as far as `fields` asks
            for it.
        metadata (Metadata | None | Unset): Whatever the store's own code keeps there.
        raw_amount (RawAmount | Unset): The amount as an exact decimal, in major units.
        created_at (datetime.datetime | Unset):  Example: 2026-01-15T09:30:00.000Z.
        updated_at (datetime.datetime | Unset):  Example: 2026-01-15T09:30:00.000Z.
        deleted_at (datetime.datetime | None | Unset):  Example: 2026-01-15T09:30:00.000Z.
    """

    id: str
    amount: float
    currency_code: str
    provider_id: str
    data: StorePaymentSessionData
    context: None | StorePaymentSessionContext
    status: str
    authorized_at: datetime.datetime | None
    payment: None | StorePayment
    payment_collection_id: str | Unset = UNSET
    payment_collection: BackReference | None | Unset = UNSET
    metadata: Metadata | None | Unset = UNSET
    raw_amount: RawAmount | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET
    updated_at: datetime.datetime | Unset = UNSET
    deleted_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.back_reference import BackReference
        from ..models.metadata import Metadata
        from ..models.store_payment import StorePayment
        from ..models.store_payment_session_context import StorePaymentSessionContext

        id = self.id

        amount = self.amount

        currency_code = self.currency_code

        provider_id = self.provider_id

        data = self.data.to_dict()

        context: dict[str, Any] | None
        if isinstance(self.context, StorePaymentSessionContext):
            context = self.context.to_dict()
        else:
            context = self.context

        status = self.status

        authorized_at: None | str
        if isinstance(self.authorized_at, datetime.datetime):
            authorized_at = self.authorized_at.isoformat(
                timespec="microseconds"
                if self.authorized_at.microsecond % 1000
                else "milliseconds"
            ).replace("+00:00", "Z")
        else:
            authorized_at = self.authorized_at

        payment: dict[str, Any] | None
        if isinstance(self.payment, StorePayment):
            payment = self.payment.to_dict()
        else:
            payment = self.payment

        payment_collection_id = self.payment_collection_id

        payment_collection: dict[str, Any] | None | Unset
        if isinstance(self.payment_collection, Unset):
            payment_collection = UNSET
        elif isinstance(self.payment_collection, BackReference):
            payment_collection = self.payment_collection.to_dict()
        else:
            payment_collection = self.payment_collection

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, Metadata):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        raw_amount: dict[str, Any] | Unset = UNSET
        if not isinstance(self.raw_amount, Unset):
            raw_amount = self.raw_amount.to_dict()

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

        deleted_at: None | str | Unset
        if isinstance(self.deleted_at, Unset):
            deleted_at = UNSET
        elif isinstance(self.deleted_at, datetime.datetime):
            deleted_at = self.deleted_at.isoformat(
                timespec="microseconds"
                if self.deleted_at.microsecond % 1000
                else "milliseconds"
            ).replace("+00:00", "Z")
        else:
            deleted_at = self.deleted_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "amount": amount,
                "currency_code": currency_code,
                "provider_id": provider_id,
                "data": data,
                "context": context,
                "status": status,
                "authorized_at": authorized_at,
                "payment": payment,
            }
        )
        if payment_collection_id is not UNSET:
            field_dict["payment_collection_id"] = payment_collection_id
        if payment_collection is not UNSET:
            field_dict["payment_collection"] = payment_collection
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if raw_amount is not UNSET:
            field_dict["raw_amount"] = raw_amount
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if deleted_at is not UNSET:
            field_dict["deleted_at"] = deleted_at

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.back_reference import BackReference
        from ..models.metadata import Metadata
        from ..models.raw_amount import RawAmount
        from ..models.store_payment import StorePayment
        from ..models.store_payment_session_context import StorePaymentSessionContext
        from ..models.store_payment_session_data import StorePaymentSessionData

        d = dict(src_dict)
        id = d.pop("id")

        amount = d.pop("amount")

        currency_code = d.pop("currency_code")

        provider_id = d.pop("provider_id")

        data = StorePaymentSessionData.from_dict(d.pop("data"))

        def _parse_context(data: object) -> None | StorePaymentSessionContext:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                context_type_0 = StorePaymentSessionContext.from_dict(data)

                return context_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StorePaymentSessionContext, data)

        context = _parse_context(d.pop("context"))

        status = d.pop("status")

        def _parse_authorized_at(data: object) -> datetime.datetime | None:
            if data is None:
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
            return cast(datetime.datetime | None, data)

        authorized_at = _parse_authorized_at(d.pop("authorized_at"))

        def _parse_payment(data: object) -> None | StorePayment:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                payment_type_0 = StorePayment.from_dict(data)

                return payment_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StorePayment, data)

        payment = _parse_payment(d.pop("payment"))

        payment_collection_id = d.pop("payment_collection_id", UNSET)

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

        _raw_amount = d.pop("raw_amount", UNSET)
        raw_amount: RawAmount | Unset
        if isinstance(_raw_amount, Unset):
            raw_amount = UNSET
        else:
            raw_amount = RawAmount.from_dict(_raw_amount)

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

        def _parse_deleted_at(data: object) -> datetime.datetime | None | Unset:
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

        deleted_at = _parse_deleted_at(d.pop("deleted_at", UNSET))

        store_payment_session = cls(
            id=id,
            amount=amount,
            currency_code=currency_code,
            provider_id=provider_id,
            data=data,
            context=context,
            status=status,
            authorized_at=authorized_at,
            payment=payment,
            payment_collection_id=payment_collection_id,
            payment_collection=payment_collection,
            metadata=metadata,
            raw_amount=raw_amount,
            created_at=created_at,
            updated_at=updated_at,
            deleted_at=deleted_at,
        )

        store_payment_session.additional_properties = d
        return store_payment_session

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
