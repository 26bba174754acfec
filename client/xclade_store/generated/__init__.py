"""Generated from openapi/store.yaml by scripts/generate; do not edit."""
