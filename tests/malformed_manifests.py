"""Malformed manifests of batches, as CSV and as lines of JSON, and reports that are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from malformed_cases import Case

REPORT = "fastphoto-batch.jsonl"


def _csv() -> Iterator[tuple[str, bytes]]:
    head, row = b"content,style,output\n", b"good.png,good.png,r.png\n"
    yield "nothing", b""
    yield "a head alone", head
    yield "no head", row
    yield "an unknown field", b"content,style,output,colour\n" + row[:-1] + b",red\n"
    yield "a field twice", b"content,content,style,output\ngood.png,none.png,good.png,r.png\n"
    yield "fields without name", b"content,,,\ngood.png,a,b,c\n"
    yield "too many fields", head + row[:-1] + b",a,b,c\n"
    yield "too few fields", head + b"good.png\n"
    yield "a quote without end", head + b'"good.png,good.png,r.png\n'
    yield "a quote in the midst", head + b'go"od.png,good.png,r.png\n'
    yield "UTF-16", (head + row).decode().encode("utf-16")
    yield "Latin-1", head + b"\xe9.png,good.png,r.png\n"
    yield "bytes of zero", head + b"good.png\0,good.png,r.png\n"
    yield "a field of 10 MB", head + b"x" * 10_000_000 + b",good.png,r.png\n"
    yield "semicolons", (head + row).replace(b",", b";")
    yield "out of the folder", head + b"good.png,good.png,../r.png\n"
    yield "out of the folder, later", head + b"good.png,good.png,a/../../r.png\n"
    yield "an absolute output", head + b"good.png,good.png,/tmp/fastphoto-malformed/r.png\n"
    yield "an output without suffix", head + b"good.png,good.png,r\n"
    yield "the output is a folder", head + b"good.png,good.png,.\n"
    yield "the report as output", head + f"good.png,good.png,{REPORT}\n".encode()
    yield "one output twice", head + row + row
    yield "no content", head + b",good.png,r.png\n"
    yield "content that is a folder", head + b".,good.png,r.png\n"
    yield "content that is a device", head + b"/dev/zero,good.png,r.png\n"
    yield "content that is the manifest", head + b"m.csv,good.png,r.png\n"
    yield "style that is not there", head + b"good.png,none.png,r.png\n"
    yield "no style", head + b"good.png,,r.png\n"
    yield "style and look", b"content,style,look,output\ngood.png,good.png,x.look,r.png\n"
    yield "a weight of nan", b"content,look,output\ngood.png,x.look:nan;y.look:1,r.png\n"
    yield "a mask of one photo", b"content,style,content_mask,output\ngood.png,good.png,good.png,r.png\n"
    yield "masks without names", b"content,style,content_mask,style_mask,output\ngood.png,good.png,a;b,c;d,r.png\n"
    yield "empty names of masks", b"content,style,content_mask,style_mask,output\ngood.png,good.png,=;=,=;=,r.png\n"
    yield "only separators", b"content,style,content_mask,output\ngood.png,;;;,;;;,r.png\n"
    yield "control characters", head + b"a\x1b[31mb.png,good.png,r.png\n"
    yield "a name of 5000 characters", head + b"x" * 5000 + b",good.png,r.png\n"


def _lines() -> Iterator[tuple[str, bytes]]:
    row = {"content": "good.png", "style": "good.png", "output": "r.png"}

    def line(**changes: object) -> bytes:
        return json.dumps({**row, **changes}).encode() + b"\n"

    yield "nothing", b""
    yield "spaces", b" \n\n \n"
    yield "a list", b"[]\n"
    yield "null", b"null\n"
    yield "one array of rows", json.dumps([row, row]).encode()
    yield "pretty", json.dumps(row, indent=2).encode()
    yield "a row cut off", line() + line()[:20]
    yield "nested", b"[" * 200_000
    yield "nested objects", b'{"content":' * 100_000
    yield "numbers", line(content=5)
    yield "a list of contents", line(content=["good.png"])
    yield "null as style", line(style=None)
    yield "out of range", b'{"content": 1e999}\n'
    yield "a field twice", b'{"content": "good.png", "content": "none.png", "style": "good.png", "output": "r.png"}\n'
    yield "an unknown field", line(colour="red")
    yield "UTF-16", line().decode().encode("utf-16")
    yield "Latin-1", line().replace(b"good", b"g\xf6\xf6d")
    yield "half a pair of surrogates", b'{"content": "\\ud800.png", "style": "good.png", "output": "r.png"}\n'
    yield "a zero in a name", line(content="good.png\0")
    yield "a zero in the output", line(output="r\0.png")
    yield "out of the folder", line(output="../r.png")
    yield "an output of spaces", line(output=" ")
    yield "with a mark of UTF-8", b"\xef\xbb\xbf" + line()


def cases(_sound_model: Path) -> Iterator[Case]:
    """Manifests for `batch`."""
    for file, kinds in (("m.csv", _csv()), ("m.jsonl", _lines())):
        for name, data in kinds:
            yield Case(f"manifest, {file} {name}", {file: data}, (file, "-o", "out"), command=("batch",))
    for name, data in {
        "text": b"no report\n",
        "nested": b"[" * 100_000 + b"\n",
        "numbers": b'{"status": 5}\n',
        "zeros": bytes(5000) + b"\n",
        "another's": b'{"status": "done", "content": "good.png", "output": "out/r.png", "key": "0"}\n',
    }.items():
        arguments = ("m.csv", "-o", "out", "--report", "r.jsonl")
        files = {"m.csv": b"content,style,output\ngood.png,good.png,r.png\n", "r.jsonl": data}
        yield Case(f"report, {name}", files, arguments, command=("batch",))
