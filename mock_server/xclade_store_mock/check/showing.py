"""Text that may be shown: without secrets, and without characters that a terminal would obey."""

import html
import json
import re
import shlex
import string
import sys
from collections.abc import Callable
from typing import TextIO
from urllib.parse import quote

from xclade_store_mock.check import KEY_HEADER, KEY_VARIABLE
from xclade_store_mock.check.exchange import Exchange

Show = Callable[[str], str]

_LONGEST = 400
# More than is ever shown, so that no secret is cut in two before it is known as one.
_READ = 100_000
_SECRET_MEMBER = re.compile(
    r'("[^"]*(?:secret|token|password)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE
)
_STRIPE_SECRET = re.compile(r"\b\w+_secret_\w+")
_PADDING = 100
_SAFE = frozenset(f'{string.ascii_letters}{string.digits} {{}}[]":,._-'.encode())


def say(text: str, stream: TextIO | None = None) -> None:
    """Print, whatever the stream's encoding has no characters for."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, errors="backslashreplace").decode(encoding))
    stream.flush()


def make_show(key: str | None) -> Show:
    """Make the function through which everything goes that is shown."""
    forms = {key, quote(key, safe=""), json.dumps(key)[1:-1], html.escape(key)} if key else set()

    def show(text: str) -> str:
        for form in forms:
            text = text.replace(form, "[publishable key]")
        text = _SECRET_MEMBER.sub(r'\1"[secret]"', text)
        text = _STRIPE_SECRET.sub("[secret]", text)
        return "".join(each if each.isprintable() else _escape(each) for each in text)

    return show


def show_answer(exchange: Exchange, show: Show) -> str:
    """Tell what came, on one line that is not too long."""
    answer = exchange.answer
    if answer is None:
        return show(exchange.trouble)
    body = show(" ".join(answer.body[:_READ].decode(errors="replace").split()))
    cut = f"{body[:_LONGEST]} …" if len(body) > _LONGEST else body
    return f"{show(f'{answer.status} {answer.media_type}')} {cut}".rstrip()


def show_curl(exchange: Exchange, key: str, show: Show) -> str:
    """Write a command for a POSIX shell that makes the same call."""
    words = ["curl", "-sS", "-i", "-X", exchange.method, _word(exchange.url.encode())]
    for name, value in exchange.headers.items():
        if name.lower() == KEY_HEADER and value == key:
            words += ["-H", f'"{KEY_HEADER}: ${KEY_VARIABLE}"']
        else:
            # curl leaves out a header whose value is blank, unless it ends with a semicolon.
            line = f"{name}: {value}" if value.strip() else f"{name};"
            words += ["-H", _word(line.encode("latin-1", errors="replace"))]
    feed = ""
    if exchange.body:
        core = exchange.body.rstrip(b" ")
        padding = len(exchange.body) - len(core)
        if padding < _PADDING and _is_plain(exchange.body):
            words += ["--data-raw", _word(exchange.body)]
        else:
            feed = f"printf -- '{_octal(core)}%{padding or ''}s' '' | "
            words += ["--data-binary", "@-"]
    return show(feed + " ".join(words))


def _word(text: bytes) -> str:
    return shlex.quote(text.decode()) if _is_plain(text) else f"\"$(printf -- '{_octal(text)}')\""


def _is_plain(text: bytes) -> bool:
    return text.isascii() and text.decode().isprintable()


def _octal(text: bytes) -> str:
    """Write text for printf, in single quotes."""
    return "".join(chr(each) if each in _SAFE else f"\\{each:03o}" for each in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", errors="surrogatepass").decode()
