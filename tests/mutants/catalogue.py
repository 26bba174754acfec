"""Faults in the server without its storage, in the client, the contract and `check`.

Each is a distinct risk; of several faults that one test would find alike, one is here.
"""

from pathlib import PurePosixPath

from tests.mutants.mutant import CLIENT, SERVER, Mutant

FUZZING = "tests/contract/test_fuzz.py"
RECORDINGS = "tests/contract/test_replay.py"
CONTRACT = "tests/contract/test_openapi.py"
INITIALIZE = "tests/server/test_initialize.py"
IDEMPOTENCY = "tests/server/test_idempotency.py"
WORKERS = "tests/server/test_workers.py"
PAYMENTS = "tests/server/test_payment_states.py"

MUTANTS = (
    # What the server returns
    Mutant(
        "wrong status",
        SERVER / "dialects/replies.yaml",
        "collection not found\n  documented: {status: 404, type: not_found}",
        "collection not found\n  documented: {status: 400, type: invalid_data}",
        (INITIALIZE, "tests/server/test_documented_statuses.py"),
    ),
    Mutant(
        "401 as JSON",
        SERVER / "dialects/replies.yaml",
        "{status: 401, message: Unauthorized, media_type: text/plain}",
        "{status: 401, type: unauthorized, message: Unauthorized}",
        ("tests/server/test_documented_statuses.py", FUZZING),
    ),
    Mutant(
        "leaked traceback",
        SERVER / "web/dialect.py",
        "return self.respond(UnknownFailure())",
        "return Response(repr(error.__traceback__.tb_frame), 500)",
        ("tests/server/test_response_validation.py",),
    ),
    Mutant(
        "missing field",
        SERVER / "payments/documents.py",
        '        "status": session.status,\n',
        "",
        (INITIALIZE,),
    ),
    Mutant(
        "amount in minor units",
        SERVER / "payments/documents.py",
        '"amount": number(session.amount),',
        '"amount": number(session.amount * 100),',
        ("tests/server/test_money.py", RECORDINGS),
    ),
    Mutant(
        "invalid responses sent",
        SERVER / "web/endpoints.py",
        "if not documented.validator.is_valid(body):",
        "if documented is None:",
        ("tests/server/test_response_validation.py",),
    ),
    # What the server checks
    Mutant(
        "revoked key accepted",
        SERVER / "web/endpoints.py",
        "if key is None or key.revoked:",
        "if key is None:",
        ("tests/server/test_documented_statuses.py", RECORDINGS),
    ),
    Mutant(
        "unknown parameters accepted",
        SERVER / "contract/__init__.py",
        '"additionalProperties": False,',
        '"additionalProperties": True,',
        ("tests/server/test_violations.py", FUZZING),
    ),
    Mutant(
        "NUL accepted",
        SERVER / "jsontext.py",
        'if "\\0" in item:',
        'if "\\1" in item:',
        ("tests/server/test_bodies.py",),
    ),
    Mutant(
        "region not checked",
        SERVER / "payments/rules.py",
        "if provider_id not in region.payment_providers:",
        "if not provider_id:",
        ("tests/server/test_provider_choice.py",),
    ),
    Mutant(
        "fields ignored",
        SERVER / "web/dialect.py",
        "return select(fields, resource)",
        "return select(None, resource)",
        ("tests/server/test_fields.py",),
    ),
    # What the server does
    Mutant(
        "session not replaced",
        SERVER / "payments/rules.py",
        "with_sessions(collection, (session,), now",
        "with_sessions(collection, (*collection.sessions, session), now",
        (INITIALIZE, RECORDINGS),
    ),
    Mutant(
        "capture canceled with its session",
        SERVER / "payments/rules.py",
        "if not cancel or each.captured_at or each.canceled_at",
        "if not cancel or each.canceled_at",
        (PAYMENTS,),
    ),
    Mutant(
        "canceled payment counted",
        SERVER / "payments/rules.py",
        "if each.canceled_at is None and each.currency_code",
        "if each.currency_code",
        (PAYMENTS,),
    ),
    Mutant(
        "captured collection paid again",
        SERVER / "payments/rules.py",
        "if strict and captured_sessions(collection):",
        "if not strict and captured_sessions(collection):",
        (PAYMENTS,),
    ),
    Mutant(
        "replay runs again",
        SERVER / "payments/idempotency.py",
        "        if record is not None and record.answer is not None:\n",
        "        if record is not None and record.answer is not None and not claimed:\n",
        (IDEMPOTENCY,),
    ),
    Mutant(
        "another request's response",
        SERVER / "payments/idempotency.py",
        "record.fingerprint != draft.fingerprint",
        "record.fingerprint == ''",
        ("tests/server/test_idempotency_expiry.py", "tests/server/test_documented_statuses.py"),
    ),
    Mutant(
        "claim ignored",
        SERVER / "payments/idempotency.py",
        "        if not claimed:\n            raise RequestStillRunning\n",
        "",
        ("tests/server/test_documented_statuses.py::test_409",),
    ),
    Mutant(
        "new id for a retry",
        SERVER / "web/operations.py",
        "self._initialize(held, call, record.session_id)",
        'self._initialize(held, call, self.new_id("payses_"))',
        (f"{WORKERS}::test_call_of_a_killed_process_is_retried_under_the_same_id",),
    ),
    Mutant(
        "keys never expire",
        SERVER / "payments/idempotency.py",
        "record.expires_at <= now",
        "record.expires_at is now",
        ("tests/server/test_idempotency_expiry.py",),
    ),
    Mutant(
        "refusal loses the session",
        SERVER / "web/dialect.py",
        "restores_sessions = False",
        "restores_sessions = True",
        (INITIALIZE, "tests/server/test_stripe.py"),
    ),
    Mutant(
        "yen counted in hundredths",
        SERVER / "payments/providers/stripe.yaml",
        "gnf jpy kmf",
        "gnf kmf",
        ("tests/server/test_stripe.py", RECORDINGS),
    ),
    Mutant(
        "key shown",
        SERVER / "payments/model.py",
        'return f"PublishableKey(title={self.title!r}, revoked={self.revoked})"',
        'return f"PublishableKey({self.token!r})"',
        ("tests/server/test_store_file.py",),
    ),
    # The client
    Mutant(
        "leaked KeyError",
        CLIENT / "calls.py",
        "except (ArithmeticError, KeyError, TypeError, ValueError, RecursionError) as error:",
        "except (ArithmeticError, TypeError, ValueError, RecursionError) as error:",
        ("tests/client/test_fuzz_broken.py",),
    ),
    Mutant(
        "rounded amounts",
        CLIENT / "calls.py",
        "parse_float=Decimal, ",
        "",
        ("tests/client/test_models.py",),
    ),
    Mutant(
        "caller's idempotency key ignored",
        CLIENT / "base_client.py",
        "key = os.urandom(16).hex() if idempotency_key is None else idempotency_key",
        "key = os.urandom(16).hex()",
        ("tests/client/test_requests.py", "tests/client/test_retries.py"),
    ),
    Mutant(
        "refusals retried",
        CLIENT / "errors.py",
        "frozenset({409, 429, 502, 503, 504})",
        "frozenset({409, 422, 429, 502, 503, 504})",
        ("tests/client/test_errors.py", "tests/client/test_retries.py"),
    ),
    Mutant(
        "generated code edited",
        CLIENT / "generated/models/error_response.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\n",
        ("tests/contract/test_drift.py",),
    ),
    # The contract
    Mutant(
        "extra required field",
        PurePosixPath("openapi/store.yaml"),
        "      required: [type, message]\n",
        "      required: [type, message, code]\n",
        ("tests/server/test_documented_statuses.py", CONTRACT),
    ),
    Mutant(
        "response withdrawn",
        PurePosixPath("openapi/store.yaml"),
        "        '413':\n          $ref: '#/components/responses/BodyTooLarge'\n"
        "        '415':\n          $ref: '#/components/responses/UnsupportedMediaType'\n"
        "        '422':\n",
        "        '422':\n",
        ("tests/server/test_bodies.py", CONTRACT),
    ),
    # check
    Mutant(
        "deviation excuses other faults",
        SERVER / "check/signs.py",
        'return found if all(part != "body" for part, *_ in found) else set()',
        "return found",
        ("tests/check/test_signs.py",),
    ),
    Mutant(
        "broken body is not reported",
        SERVER / "check/findings.py",
        "for error in violations[:_MOST_VIOLATIONS]:",
        "for error in violations[:0]:",
        ("tests/check/test_dialects.py",),
    ),
    # The recordings
    Mutant(
        "recording changed",
        PurePosixPath("tests/contract/recordings/medusa-2.21.2.json"),
        "Payment provider pp_unknown_x is not enabled",
        "Payment provider pp_unknown_x is not there",
        (RECORDINGS,),
    ),
)
