"""The marker of arguments that were not given, where the generator's own code looks for it."""

from ..json_values import UNSET, Unset

__all__ = ["UNSET", "Unset"]
