"""Names of files as messages show them: one line, whatever bytes they have."""

from __future__ import annotations

import os
import re

PathLike = str | os.PathLike[str]

STDIN_OR_STDOUT = "-"

_LONGEST = 400

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def shown(path: PathLike) -> str:
    """A name with control characters, and bytes that are no UTF-8, as escapes: it cannot break or colour a line.

    Of a very long one both ends.
    """
    text = printable(os.fspath(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 2 :]}"


def printable(text: str) -> str:
    """Text from a file or a library as part of a message."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def reason(error: OSError | ValueError) -> str:
    """What the system says, in lower case as in the middle of a sentence."""
    return printable((getattr(error, "strerror", None) or str(error)).lower())
