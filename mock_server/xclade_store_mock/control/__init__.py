"""The control API under `/_mock` and the console at `/`: inspect the mock, and change what it does.

Imports `web` and the packages below it; never `dialects` or `cli`.
"""
