from __future__ import annotations

from ...json_values import JsonObject

Metadata = JsonObject
"""Data of the store's own code."""
