from __future__ import annotations

from typing import ClassVar

from .. import types


class Error(types.Model):
    """What its fields say.

    `type_`: What went wrong, for a program: `invalid_data`, `not_allowed`, `not_found`, `conflict`,
    `duplicate_error`, `payment_authorization_error`, `unexpected_state`, `database_error`,
    `unknown_error` and others.

    `message`: What went wrong, for a person.

    `code`: A second, coarser classification that only some errors have."""

    type_: str
    message: str
    code: None | str

    _readers: ClassVar = {
        "type_": ("type", types.text),
        "message": ("message", types.text),
        "code": ("code", types.nullable(types.text)),
    }
    _required: ClassVar = frozenset(
        {
            "type_",
            "message",
        }
    )
