from __future__ import annotations

from ...json_values import JsonObject

Metadata = JsonObject
"""Whatever the store's own code keeps there."""
