from __future__ import annotations

import attrs

from ...json_values import UNSET
from ...model import Model, field_names


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class ErrorResponse(Model):
    """ErrorResponse

    `type_`: What went wrong, for a program: `invalid_data`, `not_allowed`, `not_found`, `conflict`,
    `duplicate_error`, `payment_authorization_error`, `unexpected_state`, `database_error`,
    `unknown_error` and others.

    `message`: What went wrong, for a person.

    `code`: A second, coarser classification that only some errors have."""

    type_: str = attrs.field(alias="type")
    message: str
    code: None | str = UNSET
