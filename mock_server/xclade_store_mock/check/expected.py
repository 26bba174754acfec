"""What an answer should be, as far as a row of the table of deviations tells it."""

from dataclasses import dataclass

from xclade_store_mock.check.exchange import Answer
from xclade_store_mock.dialects.deviations import describe
from xclade_store_mock.web.dialect import Reply


@dataclass(frozen=True, slots=True)
class Expected:
    """A reply of the table, and perhaps a header: None where there should not be one.

    Of a status without a body in the contract, only the status counts.
    """

    reply: Reply
    header: tuple[str, str | None] | None = None
    only_status: bool = False

    def __str__(self) -> str:
        words = describe(self.reply)
        if self.header is None:
            return words
        name, value = self.header
        return f"{words} without {name}" if value is None else f"{words}, {name}: {value}"

    def allows(self, answer: Answer) -> bool:
        """Tell whether status, media type and header are these: the vocabularies stay open."""
        media_type = self.reply.media_type.partition(";")[0]
        return (
            answer.status == self.reply.status
            and (self.only_status or answer.media_type == media_type)
            and (self.header is None or answer.headers.get(self.header[0]) == self.header[1])
        )

    def is_met_by(self, answer: Answer) -> bool:
        """Tell whether the answer is exactly this: its type and code, too."""
        if not self.allows(answer) or self.reply.type is None:
            return self.allows(answer)
        document = answer.document
        return (
            isinstance(document, dict)
            and document.get("type") == self.reply.type
            and document.get("code") == self.reply.code
        )
