from __future__ import annotations

from ...json_values import JsonObject

StorePaymentData = JsonObject
"""StorePaymentData"""
