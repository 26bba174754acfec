from __future__ import annotations

from .. import types


class BackReference(types.OpenObject):
    """The object that this one belongs to, as far as `fields` asks for it."""
