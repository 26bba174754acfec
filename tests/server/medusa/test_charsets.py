"""Which media types, charsets and encodings the medusa dialect reads, as Express 4 does."""

from codecs import BOM_UTF16_BE

import httpx
import pytest

SESSIONS = "/store/payment-collections/pay_col_1/payment-sessions"
BODY = '{"provider_id": "pp_system_default", "data": {"note": "ü€😀"}}'
FORM = "provider_id=pp_system_default"
UTF7 = '{"provider_id": "pp_system_default", "data": {"note": "+APwgrNg93gA-"}}'


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json; boundary=x; Charset=UTF-8", BODY.encode()),
        ('APPLICATION/json;charset = ""', BODY.encode()),
        (r'application/json; charset="\u\t\f-8"', BODY.encode()),
        ('application/json; note="charset=utf-32; \\" ;"', BODY.encode()),
        ("application/json; charset=utf-16; charset=utf-8", BODY.encode()),
        ("application/json; charset=utf-16_le", BODY.encode("utf-16-le") + b"!"),
        ("application/json; charset=utf-16", BODY.encode("utf-16-le")),
        ("application/json; charset=utf-16", BODY.encode("utf-16-be")),
        ("application/json; charset=utf-16", BOM_UTF16_BE + BODY.encode("utf-16-be")),
        ("application/json; charset=utf-7", UTF7.encode()),
        ("application/json; charset=UTF-7+IMAP", UTF7.replace("+", "&").encode()),
    ],
)
def test_readable_json(medusa: httpx.Client, content_type: str, content: bytes) -> None:
    """A charset counts by its letters and digits, the last one wins, and a blank one is UTF-8."""
    answer = medusa.post(SESSIONS, content=content, headers={"content-type": content_type})

    (session,) = answer.json()["payment_collection"]["payment_sessions"]
    assert {"note": "ü€😀"} == session["data"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json;\tboundary=x",
        "application/json;",
        "application/json; charset",
        "application/json; charset=utf 8",
        'application/json; charset="utf-8',
        "application/json, text/plain",
        "application/x-www-form-urlencoded;;charset=utf-8",
        "application/vnd.api+json",
    ],
)
def test_unreadable_content_types_have_no_body(medusa: httpx.Client, content_type: str) -> None:
    """A header that media-typer cannot parse leaves the body unread: it counts as `{}`."""
    answer = medusa.post(SESSIONS, content=BODY, headers={"content-type": content_type})

    assert "Invalid request: Field 'provider_id' is required" == answer.json()["message"]


@pytest.mark.parametrize(
    ("media_type", "charset", "unsupported"),
    [
        ("text/plain", "mbcs", True),
        ("text/plain", "punycode", True),
        ("text/plain", "utf-8-sig", True),
        ("text/plain", "utf-32le", True),
        ("text/plain", "unicode_escape", True),
        ("text/plain", "ISO_8859-5", False),
        ("text/plain", "KOI8-U", False),
        ("text/plain", "x-mac-roman", True),
        ("text/plain", "windows-31j", False),
        ("text/plain", "cesu-8", False),
        ("text/plain", "unicode-1-1-utf-7", False),
        ("application/json", "utf8", True),
        ("application/json", "utf-", True),
        ("application/json", "utf-8-sig", True),
        ("application/x-www-form-urlencoded", "utf-16", True),
        ("application/x-www-form-urlencoded", "utf-_8", True),
    ],
)
def test_charsets_are_those_of_iconv_lite(
    medusa: httpx.Client, media_type: str, charset: str, *, unsupported: bool
) -> None:
    """JSON has charsets that begin with `utf-`, a form only UTF-8, and text all of iconv-lite's."""
    headers = {"content-type": f"{media_type}; charset={charset}"}

    answer = medusa.post(SESSIONS, content=b"{}", headers=headers)

    expected = f'unsupported charset "{charset.upper()}"'
    message = expected if unsupported else "Invalid request: Field '' is required"
    assert (415 if unsupported else 400, message) == (answer.status_code, answer.json()["message"])


@pytest.mark.parametrize(
    ("charset", "encoding", "size", "message"),
    [
        ("latin1", "br", 5, 'unsupported charset "LATIN1"'),
        ("utf-9", "zstd", 102_401, 'unsupported content encoding "zstd"'),
        ("utf-9", "identity", 102_401, "request entity too large"),
        ("utf-9", "gzip", 102_401, 'unsupported charset "UTF-9"'),
    ],
)
def test_order_of_checks(
    medusa: httpx.Client, charset: str, encoding: str, size: int, message: str
) -> None:
    """The charset's beginning, the encoding, the declared size, the charset: in this order."""
    headers = {"content-type": f"application/json; charset={charset}", "content-encoding": encoding}

    answer = medusa.post(SESSIONS, content=b" " * size, headers=headers)

    assert message == answer.json()["message"]


def test_utf7_with_odd_parts(medusa: httpx.Client) -> None:
    """A shift without letters is a plus, or nothing; half a character at its end is dropped."""
    content = '{"+-": 1, "a+ b": 1, "+AOkA-": 1, "+AOk ": 1}'
    headers = {"content-type": "application/json; charset=utf-7"}

    answer = medusa.post(SESSIONS, content=content, headers=headers).json()

    assert answer["message"].endswith("Unrecognized fields: '+, a b, é, é '")
