"""Count the steps in which a backtracking engine, like that of `re`, tries a pattern on a text.

The count does not depend on the machine: a pattern is linear if a text of four times the length
takes about four times the steps. Each match is compared with that of `re`, so an error of the
counter is noticed; an unknown construct raises NotImplementedError.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from re import _constants as ops
from re import _parser
from typing import Any

sys.setrecursionlimit(20_000)

Continue = Callable[[int], int | None]
Match = Callable[[int, Continue], int | None]
"""Tries to match from an index; returns where the whole match ends, or None."""

_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}
_SAMPLES = {r"\d": "0", r"\s": " ", r"\w": "a", r"\D": "x", r"\S": "x", r"\W": "-"}


class TooManyStepsError(Exception):
    """The budget of steps is used up."""


class Steps:
    """A pattern, and the number of steps taken on the text that was searched last."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.taken = 0
        self._budget = 0
        self._text = ""
        self._flags = pattern.flags
        self._match = self._sequence(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))

    def spans(self, text: str, method: str, budget: int) -> Iterator[tuple[int, int]]:
        """Yield the spans that `finditer` finds or, by their own rules, `match` or `fullmatch`.

        Raises:
            TooManyStepsError: After as many steps as the budget allows.
        """
        self.taken, self._text, self._budget = 0, text, budget
        start = 0
        while start <= len(text):
            found = self._match(start, self._last if method == "fullmatch" else _accept)
            if found is not None:
                yield start, found
            if method != "finditer":
                return
            start = found if found is not None and found > start else start + 1

    def _last(self, index: int) -> int | None:
        return index if index == len(self._text) else None

    def _step(self) -> None:
        self.taken += 1
        if self.taken > self._budget:
            raise TooManyStepsError

    def _sequence(self, items: Iterable[tuple[Any, Any]]) -> Match:
        parts = [self._item(op, argument) for op, argument in items]

        def match(index: int, then: Continue, at: int = 0) -> int | None:
            if at == len(parts):
                return then(index)
            return parts[at](index, lambda reached: match(reached, then, at + 1))

        return match

    def _item(self, op: Any, argument: Any) -> Match:
        match op:
            case ops.SUBPATTERN:
                found = self._sequence(argument[3])
            case ops.BRANCH:
                found = self._branch([self._sequence(each) for each in argument[1]])
            case ops.MAX_REPEAT | ops.MIN_REPEAT | ops.POSSESSIVE_REPEAT:
                least, most, body = argument
                found = self._repeat(self._sequence(body), least, most, lazy=op is ops.MIN_REPEAT)
                found = self._atomic(found) if op is ops.POSSESSIVE_REPEAT else found
            case ops.ATOMIC_GROUP:
                found = self._atomic(self._sequence(argument))
            case ops.ASSERT | ops.ASSERT_NOT:
                found = self._look(*argument, wanted=op is ops.ASSERT)
            case ops.AT:
                found = self._position(argument)
            case _:
                found = self._character(op, argument)
        return found

    def _branch(self, branches: list[Match]) -> Match:
        def match(index: int, then: Continue) -> int | None:
            results = (each(index, then) for each in branches)
            return next((found for found in results if found is not None), None)

        return match

    def _repeat(self, body: Match, least: int, most: int, *, lazy: bool) -> Match:
        def match(index: int, then: Continue, count: int = 0) -> int | None:
            def again(reached: int) -> int | None:
                is_stuck = reached == index and count >= least
                return None if is_stuck else match(reached, then, count + 1)

            self._step()
            if count < least:
                return body(index, again)
            more = count < most
            if lazy:
                found = then(index)
                return body(index, again) if found is None and more else found
            found = body(index, again) if more else None
            return then(index) if found is None else found

        return match

    def _atomic(self, body: Match) -> Match:
        def match(index: int, then: Continue) -> int | None:
            reached = body(index, _accept)
            return None if reached is None else then(reached)

        return match

    def _look(self, direction: int, body: Any, *, wanted: bool) -> Match:
        inner = self._sequence(body)
        width = body.getwidth()[1] if direction < 0 else 0

        def match(index: int, then: Continue) -> int | None:
            is_there = index >= width and inner(index - width, _accept) is not None
            return then(index) if is_there is wanted else None

        return match

    def _position(self, kind: Any) -> Match:
        sign = {
            ops.AT_BEGINNING: "^",
            ops.AT_BEGINNING_STRING: r"\A",
            ops.AT_END: "$",
            ops.AT_END_STRING: r"\Z",
            ops.AT_BOUNDARY: r"\b",
            ops.AT_NON_BOUNDARY: r"\B",
        }[kind]
        pattern = re.compile(sign, self._flags & re.MULTILINE)

        def match(index: int, then: Continue) -> int | None:
            self._step()
            return then(index) if pattern.match(self._text, index) else None

        return match

    def _character(self, op: Any, argument: Any) -> Match:
        pattern = re.compile(_one(op, argument), self._flags & (re.IGNORECASE | re.DOTALL))
        fits = lru_cache(maxsize=None)(pattern.fullmatch)

        def match(index: int, then: Continue) -> int | None:
            self._step()
            is_there = index < len(self._text) and fits(self._text[index])
            return then(index + 1) if is_there else None

        return match


def _accept(index: int) -> int:
    return index


def _one(op: Any, argument: Any) -> str:
    """Return the pattern of one character."""
    if op is ops.ANY:
        return "."
    if op is ops.LITERAL:
        return re.escape(chr(argument))
    if op is ops.NOT_LITERAL:
        return f"[^{re.escape(chr(argument))}]"
    if op is ops.RANGE:
        return "-".join(re.escape(chr(each)) for each in argument)
    if op is ops.CATEGORY:
        return _CATEGORIES[argument]
    if op is ops.IN:
        is_negated = argument[0][0] is ops.NEGATE
        members = argument[1:] if is_negated else argument
        return f"[{'^' * is_negated}{''.join(_one(*each) for each in members)}]"
    raise NotImplementedError(f"cannot count steps of {op}")


def tokens(pattern: re.Pattern[str]) -> list[str]:
    """Return the words and characters in a pattern, from which its test texts are built."""
    return [*dict.fromkeys(_tokens(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)))]


def _tokens(items: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    word = ""
    for op, argument in items:
        if op is ops.LITERAL:
            word += chr(argument)
            continue
        if word:
            yield word
            word = ""
        parts = _parts(op, argument)
        for each in parts:
            yield from _tokens(each)
        if not parts and op is not ops.AT:
            yield from _samples(op, argument)
    if word:
        yield word


def _parts(op: Any, argument: Any) -> list[Any]:
    """Return the patterns that a construct consists of."""
    match op:
        case ops.BRANCH:
            return list(argument[1])
        case ops.ATOMIC_GROUP:
            return [argument]
        case ops.SUBPATTERN | ops.MAX_REPEAT | ops.MIN_REPEAT | ops.POSSESSIVE_REPEAT:
            return [argument[-1]]
        case ops.ASSERT | ops.ASSERT_NOT:
            return [argument[1]]
        case _:
            return []


def _samples(op: Any, argument: Any) -> Iterator[str]:
    """Yield a character of each kind that one step matches."""
    if op is ops.IN and argument[0][0] is not ops.NEGATE:
        samples = [sample for each in argument for sample in _samples(*each)]
        yield from {samples[0]: None, samples[-1]: None}
    elif op is ops.LITERAL:
        yield chr(argument)
    elif op is ops.RANGE:
        yield chr(argument[0])
    elif op is ops.CATEGORY:
        yield _SAMPLES[_CATEGORIES[argument]]
    else:  # any character, or any but a few
        yield next(each for each in 'x-/ "' if re.fullmatch(_one(op, argument), each, re.DOTALL))
