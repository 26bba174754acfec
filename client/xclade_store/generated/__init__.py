"""Generated from openapi/store.yaml by scripts/generate; do not edit.

`client` holds the generator's own clients, for the functions in `api`; the face does without them.
"""
