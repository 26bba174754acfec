"""How the medusa dialect parses requests, in addition to the recorded cases."""

import gzip
import json
import zlib

import httpx
import pytest

SESSIONS = "/store/payment-collections/pay_col_1/payment-sessions"
JSON = {"content-type": "application/json"}
SYSTEM = {"provider_id": "pp_system_default"}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ('{"provider_id": [null, [1, [2]], {}]}', 400, "got: ',1,2,[object Object]'"),
        ('{"provider_id": 1e21}', 400, "got: '1e+21'"),
        ('{"provider_id": 1, "data": 2, "b": 1, "2": 1, "1": 1}', 400, "'1, 2, b'"),
        ('{"cart_id": "x"}', 400, "'provider_id' is required; Unrecognized fields: 'cart_id'"),
        ("\ufeff{}", 400, "Field 'provider_id' is required"),
        ("\u00a0{}", 400, "JSON"),
    ],
)
def test_violations_are_formatted_as_in_javascript(
    medusa: httpx.Client, body: str, status: int, message: str
) -> None:
    """Values are printed, and keys are ordered, as in JavaScript."""
    answer = medusa.post(SESSIONS, content=body.encode(), headers=JSON)

    assert status == answer.status_code
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    ("content", "headers", "status", "error"),
    [
        (b"x" * 102_401, JSON, 413, "unknown_error"),
        (
            gzip.compress(b" " * 102_401, mtime=0),
            {**JSON, "content-encoding": "gzip"},
            413,
            "unknown_error",
        ),
        (b"x" * 102_401, {"content-type": "application/octet-stream"}, 400, "invalid_data"),
        (b"hello", {"content-type": "text/plain"}, 400, "invalid_data"),
        (b"{}", {"content-type": "application/json; charset=utf8"}, 415, "unknown_error"),
        (b"a=1", {"content-type": "application/x-www-form-urlencoded; charset=latin1"}, 415, None),
        (
            gzip.compress(b"{}", mtime=0)[:-4],
            {**JSON, "content-encoding": "gzip"},
            400,
            "invalid_data",
        ),
        (b"&" * 1000, {"content-type": "application/x-www-form-urlencoded"}, 413, "unknown_error"),
        (
            b"a" + b"[b]" * 33 + b"=1",
            {"content-type": "application/x-www-form-urlencoded"},
            400,
            "invalid_data",
        ),
    ],
)
def test_unreadable_bodies(
    medusa: httpx.Client, content: bytes, headers: dict[str, str], status: int, error: str | None
) -> None:
    """Limits apply after decompression; a body without a parser is an empty object."""
    answer = medusa.post(SESSIONS, content=content, headers=headers)

    assert status == answer.status_code
    assert answer.json()["type"] == (error or "unknown_error")


def test_largest_body_is_accepted(medusa: httpx.Client) -> None:
    """A body of 102,400 bytes is accepted."""
    body = json.dumps({**SYSTEM, "data": {"x": ""}})
    padded = body.replace('"x": ""', '"x": "' + "y" * (102_400 - len(body)) + '"')

    assert 200 == medusa.post(SESSIONS, content=padded.encode(), headers=JSON).status_code


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        (
            "gzip",
            gzip.compress(b'{"provider_id":', mtime=0)
            + gzip.compress(b'"pp_system_default"}', mtime=0),
        ),
        ("deflate", zlib.compress(json.dumps(SYSTEM).encode())),
    ],
)
def test_compressed_bodies_are_accepted(
    medusa: httpx.Client, encoding: str, content: bytes
) -> None:
    """Compressed bodies are read, including gzip with several members."""
    headers = {**JSON, "content-encoding": encoding}

    assert 200 == medusa.post(SESSIONS, content=content, headers=headers).status_code


def test_forms_can_be_nested(medusa: httpx.Client) -> None:
    """Brackets create objects and lists; every leaf is a string."""
    form = b"provider_id=pp_system_default&data[a][]=1&data[a][]=2&data[b][c]=x&data[d]=%zz"
    headers = {"content-type": "application/x-www-form-urlencoded"}

    answer = medusa.post(SESSIONS, content=form, headers=headers).json()["payment_collection"]

    assert {"a": ["1", "2"], "b": {"c": "x"}, "d": "%zz"} == answer["payment_sessions"][0]["data"]


def test_numbers_are_doubles(medusa: httpx.Client) -> None:
    """Numbers are rounded to doubles, and printed as in JavaScript."""
    body = '{"provider_id":"pp_system_default","data":{"a":12345678901234567890,"b":1e400}}'

    answer = medusa.post(SESSIONS, content=body, headers=JSON).json()["payment_collection"]

    assert {"a": 12345678901234567000, "b": None} == answer["payment_sessions"][0]["data"]


def test_lists_in_forms_skip_blanks(medusa: httpx.Client) -> None:
    """A blank whose name has become a list is ignored."""
    form = b"provider_id=pp_system_default&data[a][3]=x&data[a][1]=y&data="
    headers = {"content-type": "application/x-www-form-urlencoded"}

    answer = medusa.post(SESSIONS, content=form, headers=headers).json()["payment_collection"]

    assert {"a": ["y", "x"]} == answer["payment_sessions"][0]["data"]


def test_objects_nest_200_levels_below_a_field(medusa: httpx.Client) -> None:
    """Deeper objects are accepted than in the documented dialect."""
    nested = '{"a":' * 199 + "1" + "}" * 199

    answer = medusa.post(
        SESSIONS,
        content=f'{{"provider_id":"pp_system_default","data":{{"x":{nested}}}}}',
        headers=JSON,
    )

    assert 200 == answer.status_code


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (
            {"\udc00": {"x": 1}},
            400,
            "Field 'provider_id' is required; Unrecognized fields: '\udc00'",
        ),
        ({"provider_id": ["\ud83d", "é"]}, 400, "got: '\ud83d,é'"),
        ({**SYSTEM, "data": "é\udfff", "n": 1}, 400, "field 'data', got: 'é\udfff'; Unrecognized"),
        ({"provider_id": "pp_\ud800"}, 400, "Payment provider pp_\ud800 is not enabled"),
        ({**SYSTEM, "data": {"\ud800": 1}}, 500, "An unknown error occurred."),
        ({**SYSTEM, "data": {"x": [["\ud800"]]}}, 500, "An unknown error occurred."),
    ],
)
def test_lone_surrogates(
    medusa: httpx.Client, body: dict[str, object], status: int, message: str
) -> None:
    """Half a character is reported like any text; only in valid data it is a failure."""
    answer = medusa.post(SESSIONS, content=json.dumps(body), headers=JSON)

    assert status == answer.status_code
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    ("cart_id", "status", "message"),
    [
        ("cart_\udbff", 404, "Cart id not found: cart_\udbff"),
        ("\ud800\0", 500, "An unknown error occurred."),
    ],
)
def test_lone_surrogates_in_a_cart_id(
    medusa: httpx.Client, cart_id: str, status: int, message: str
) -> None:
    """PostgreSQL's driver replaces them; NUL, it cannot send."""
    body = json.dumps({"cart_id": cart_id})

    answer = medusa.post("/store/payment-collections", content=body, headers=JSON)

    assert (status, message) == (answer.status_code, answer.json()["message"])


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("locale=de", 200, None),
        ("locale=", 400, "Unrecognized fields: 'locale'"),
        ("toString=1", 200, None),
        ("a.b.c=1", 500, "Key accessor more than 2 levels deep: a.b.c"),
        ("2=1&1=1&b=1&a=1", 400, "Unrecognized fields: '1, 2, b, a'"),
        (f"b=1&{'1' * 5000}=1&1=1", 400, f"Unrecognized fields: '1, b, {'1' * 5000}'"),
        ("fields[]=id", 400, "got: 'id'"),
        ("[fields]=id", 200, None),
        ("fields[7000]=status&fields[2]=id", 400, "got: 'id,status'"),
        ("fields%5B5000%5D=status&fields=id", 400, "got: 'status,id'"),
        ("[300]=1", 400, "Unrecognized fields: '300'"),
        ("fields[4]=status&fields=", 400, "got: 'status'"),
        ("fields[a]=status&fields", 400, "got: '[object Object]'"),
        ("fields[]=status&fields=&fields=", 400, "got: 'status,,'"),
    ],
)
def test_queries_are_parsed_as_by_qs(
    medusa: httpx.Client, query: str, status: int, message: str | None
) -> None:
    """Brackets and dots create nested objects; names of Object.prototype are dropped."""
    answer = medusa.post(f"{SESSIONS}?{query}", json=SYSTEM)

    assert status == answer.status_code
    assert message is None or message in answer.json()["message"]


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ("status", {"id", "status"}),
        ("--amount", {"id", "currency_code", "payment_sessions"}),
        ("%2Bamount,-amount", {"id", "currency_code", "payment_sessions"}),
        ("-*payment_sessions", {"id", "currency_code", "amount", "payment_sessions"}),
        ("payment_sessions.*,id", {"id", "payment_sessions"}),
        ("captured_amount", {"id"}),
        ("%09", {"id"}),
        ("%E3%80%80status%C2%A0", {"id", "status"}),
        ("status%1D", {"id"}),
        ("*amount", {"id", "currency_code", "payment_sessions"}),
        ("amount.*,status", {"id", "status"}),
        ("*id,amount", {"id", "amount"}),
        ("*payment_providers.*", {"id", "currency_code", "amount", "payment_sessions"}),
        ("id,*payment_providers.id", {"id", "payment_providers"}),
    ],
)
def test_fields_follow_the_recorded_rules(
    medusa: httpx.Client, fields: str, keys: set[str]
) -> None:
    """Only allowed fields are returned, with the modifiers of the backend's parser."""
    answer = medusa.post(f"{SESSIONS}?fields={fields}", json=SYSTEM).json()

    assert keys == answer["payment_collection"].keys()


@pytest.mark.parametrize(
    ("fields", "is_whole"),
    [
        ("payment_sessions.data,*payment_sessions.data", False),
        ("-payment_sessions,payment_sessions.amount.*", False),
        ("*payment_sessions.status", True),
        ("id,payment_sessions.*,payment_sessions.status.*", True),
    ],
)
def test_star_leaves_a_field_of_a_session_out(
    medusa: httpx.Client, fields: str, *, is_whole: bool
) -> None:
    """It is as if a field were a relation; the whole relation around it has the field, though."""
    answer = medusa.post(f"{SESSIONS}?fields={fields}", json=SYSTEM).json()

    (session,) = answer["payment_collection"]["payment_sessions"]
    assert is_whole == ("status" in session)
    assert is_whole or {"id"} == session.keys()


@pytest.mark.parametrize(
    ("query", "paging"),
    [
        ("limit=0X1f&offset=%2B1", (31, 1)),
        ("limit=0x1g", (1, 0)),
        ("limit=%E2%80%89%0B2&offset=-0", (2, 0)),
        (f"limit={'9' * 30}", (2**53 - 1, 0)),
    ],
)
def test_numbers_are_parsed_by_parse_int(
    medusa: httpx.Client, query: str, paging: tuple[int, int]
) -> None:
    """A page's numbers may be hexadecimal, and follow JavaScript's white space."""
    answer = medusa.get(f"/store/payment-providers?region_id=reg_eu&{query}").json()

    assert paging == (answer["limit"], answer["offset"])


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("region_id=reg_eu&limit=1e3", 200, None),
        ("region_id=reg_eu&offset=0xg", 400, "Expected type: 'number' for field 'offset'"),
        ("region_id=reg_eu&limit=%1E1", 400, "got: '\x1e1'"),
        ("region_id=reg_eu&limit=-0x1", 500, "An unknown error occurred."),
        ("region_id=null&order=id", 400, "You must provide the region_id"),
        ("region_id=reg_eu&limit=5abc&offset=%201", 200, None),
        ("limit=x", 400, "got: 'x'; Field 'region_id' is required"),
        ("region_id=reg_eu&limit=", 400, "Expected type: 'number' for field 'limit', got: ''"),
        ("region_id=reg_eu&with_deleted=true", 200, None),
        ("region_id=reg_eu&with_deleted=1", 400, "Expected type: 'boolean'"),
        ("region_id=reg_eu&order=-id", 200, None),
        ("region_id=reg_eu&order=", 400, "Order field  is not valid"),
        ("region_id=%00", 500, "An unknown error occurred."),
    ],
)
def test_provider_queries(
    medusa: httpx.Client, query: str, status: int, message: str | None
) -> None:
    """Numbers are parsed up to the first other character; checks have the backend's order."""
    answer = medusa.get(f"/store/payment-providers?{query}")

    assert status == answer.status_code
    assert message is None or message in answer.json()["message"]
