"""The payment domain: carts, payment collections and sessions, their rules and documents.

It imports only the leaves (errors, jsontext, redaction): no HTTP, no SQL, no Connexion.
"""
