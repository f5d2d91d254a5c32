"""What a person would see in Slack, as one HTML page without scripts or outside assets.

Message texts hold names that strangers chose: everything is escaped here, whatever the sender
did, and only http(s) links become links.
"""

import html
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

_TOKENS = re.compile(r"(```.+?```|`[^`\n]+`|<[^<>\n]+>)", re.DOTALL)
_INLINE = (
    (re.compile(r"\*([^*\n]+)\*"), r"<b>\1</b>"),
    (re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)"), r"<i>\1</i>"),
    (re.compile(r"~([^~\n]+)~"), r"<s>\1</s>"),
)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_REFRESH_SECONDS = 2
_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:15px/1.45 system-ui,sans-serif;max-width:52rem;margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.1rem}h2{font-size:1rem;margin:.3rem 0}
article{border-top:1px solid var(--line);padding:.7rem 0}
article.reply{margin-left:2rem;border-left:3px solid var(--line);padding-left:.8rem}
.by{font-weight:600}.when,.context{opacity:.7;font-size:.85em;margin-left:.4em}
.context{margin:.2rem 0}.fields{display:grid;grid-template-columns:1fr 1fr;gap:.3rem 1rem}
.attachment{border-left:4px solid var(--line);padding-left:.8rem;margin:.3rem 0}
.button{display:inline-block;border:1px solid var(--line);border-radius:4px;padding:.1rem .6rem;
margin:.2rem .4rem .2rem 0}code,pre{background:var(--soft);border-radius:3px;padding:0 .2em;
overflow-wrap:anywhere}pre{padding:.4rem;overflow:auto;white-space:pre-wrap}
p{margin:.25rem 0;overflow-wrap:anywhere;white-space:pre-line}
hr{border:0;border-top:1px solid var(--line)}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as the page needs it; `ts` is Slack's: seconds with a counter."""

    ts: str
    channel: str
    payload: Mapping[str, Any]
    thread_ts: str | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Html:
    """A page and the headers that keep it harmless."""

    text: str
    headers: tuple[tuple[str, str], ...]


def page(title: str, body: str, *, colours: Iterable[str] = (), refresh: bool = False) -> Html:
    """Frame a body that is already HTML."""
    nonce = secrets.token_urlsafe(16)
    style = _STYLE + "".join(f".c{colour[1:]}{{border-color:{colour}}}" for colour in colours)
    again = f'<meta http-equiv="refresh" content="{_REFRESH_SECONDS}">' if refresh else ""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{html.escape(title)}</title><style nonce="{nonce}">{style}</style></head>'
        f"<body><h1>{html.escape(title)}</h1>{body}</body></html>"
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    )
    # UTF-8 has no lone surrogates; JSON has.
    return Html(text=text.encode("utf-8", "replace").decode(), headers=headers)


def messages_page(messages: Sequence[Shown]) -> Html:
    """Render the channel: newest thread last, replies below their parent."""
    parents = [message for message in messages if message.thread_ts in {None, message.ts}]
    body = "".join(_thread(parent, messages) for parent in parents) or "<p>No message yet.</p>"
    colours = {
        colour
        for message in messages
        for attachment in _dicts(message.payload.get("attachments"))
        if (colour := _colour_of(attachment))
    }
    return page("Slack (stand-in)", body, colours=sorted(colours), refresh=True)


def mrkdwn(text: Any) -> str:
    """Turn Slack's markup into HTML; anything that is none of it is shown as written."""
    parts = _TOKENS.split(str(text))
    return "".join(_token(part) if index % 2 else _inline(part) for index, part in enumerate(parts))


def _thread(parent: Shown, messages: Sequence[Shown]) -> str:
    replies = [m for m in messages if m.thread_ts == parent.ts and m.ts != parent.ts]
    return _article(parent, "") + "".join(_article(reply, "reply") for reply in replies)


def _article(message: Shown, kind: str) -> str:
    when = datetime.fromtimestamp(float(message.ts), UTC).strftime("%H:%M:%S UTC")
    edited = " (edited)" if message.edited else ""
    return (
        f'<article class="{kind}"><span class="by">Vigil</span>'
        f'<span class="when">{html.escape(message.channel)} · {when}{edited}</span>'
        f"{_content(message.payload)}</article>"
    )


def _content(payload: Mapping[str, Any]) -> str:
    return _body(payload) + "".join(map(_attachment, _dicts(payload.get("attachments"))))


def _body(payload: Mapping[str, Any]) -> str:
    blocks = _dicts(payload.get("blocks"))
    return "".join(map(_block, blocks)) if blocks else f"<p>{mrkdwn(payload.get('text', ''))}</p>"


def _attachment(attachment: Mapping[str, Any]) -> str:
    # Slack knows no attachments of attachments.
    colour = _colour_of(attachment)
    kind = f"attachment c{colour[1:]}" if colour else "attachment"
    return f'<div class="{kind}">{_body(attachment)}</div>'


def _colour_of(attachment: Mapping[str, Any]) -> str | None:
    colour = str(attachment.get("color", ""))
    return colour.lower() if _COLOUR.fullmatch(colour) else None


def _block(block: Mapping[str, Any]) -> str:
    kind = block.get("type")
    elements = _dicts(block.get("elements"))
    if kind == "divider":
        return "<hr>"
    if kind == "header":
        return f"<h2>{_text(block.get('text'))}</h2>"
    if kind == "context":
        return f'<p class="context">{" · ".join(map(_text, elements))}</p>'
    if kind == "actions":
        return f"<p>{''.join(map(_button, elements))}</p>"
    if kind == "section":
        return _section(block)
    return f"<p>[{html.escape(str(kind))}]</p>"


def _section(block: Mapping[str, Any]) -> str:
    text = f"<p>{_text(block['text'])}</p>" if block.get("text") else ""
    fields = "".join(f"<p>{_text(field)}</p>" for field in _dicts(block.get("fields")))
    accessory = block.get("accessory")
    button = _button(accessory) if isinstance(accessory, Mapping) else ""
    return text + (f'<div class="fields">{fields}</div>' if fields else "") + button


def _button(element: Mapping[str, Any]) -> str:
    label = _text(element.get("text"))
    url = str(element.get("url", ""))
    inner = _link(url, label) if url else label
    return f'<span class="button">{inner}</span>'


def _text(value: Any) -> str:
    if not isinstance(value, Mapping):
        return html.escape(str(value or ""))
    text = value.get("text", "")
    return mrkdwn(text) if value.get("type") == "mrkdwn" else html.escape(str(text))


def _inline(text: str) -> str:
    shown = html.escape(_unescaped(text))
    for pattern, replacement in _INLINE:
        shown = pattern.sub(replacement, shown)
    return shown.replace("\n", "<br>")


def _token(token: str) -> str:
    if token.startswith("```"):
        return f"<pre>{html.escape(_unescaped(token[3:-3]))}</pre>"
    if token.startswith("`"):
        return f"<code>{html.escape(_unescaped(token[1:-1]))}</code>"
    target, _, label = token[1:-1].partition("|")
    shown = html.escape(_unescaped(label or target))
    return _link(_unescaped(target), shown) if target[:1] not in {"@", "#", "!"} else shown


def _link(url: str, label: str) -> str:
    if _scheme_of(url) not in {"http", "https"}:
        return label
    return f'<a rel="noreferrer noopener" href="{html.escape(url)}">{label}</a>'


def _scheme_of(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        # Half an IPv6 address: nothing a browser could follow.
        return ""


def _unescaped(text: str) -> str:
    # Slack's three entities, once; the browser gets our own escaping.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return (
        [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
    )
