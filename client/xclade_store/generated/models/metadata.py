from __future__ import annotations

from .. import types


class Metadata(types.OpenObject):
    """Whatever the store's own code keeps there."""
