"""Messages that were posted and never acknowledged: found again, or retired.

Who died, or heard nothing, after posting does not know of the message; yet people read it. If the
finding has another home by now, nothing would ever bring the unknown message up to date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from chalicelib.findings.deliveries import Thread
from chalicelib.model.notice import Entry
from chalicelib.notify import slack
from chalicelib.pipeline.claims import Claims
from chalicelib.pipeline.pacing import Paced
from chalicelib.pipeline.standing import Part, told_id


def earlier_of(part: Part, poster: Paced) -> slack.Lookup:
    """Look for the message of an interrupted delivery."""
    if not part.interrupted:
        return slack.Lookup()
    home = part.thread.timestamp if part.thread else None
    one = part.interrupted[0]
    found = _find(one, poster, thread=home)
    if found.timestamp or home is None:
        return found
    # It was to be a new message, and since then an older one was found to tell of the finding.
    stray = _find(one, poster)
    _retire(stray, home, one, poster)
    return replace(stray, is_certain=stray.is_certain and found.is_certain)


def retire_superseded(
    entries: Iterable[Entry], shown: Mapping[str, Thread], claims: Claims, poster: Paced
) -> None:
    """Retire what a newer message tells already, where it was posted without receipt."""
    for entry in entries:
        if entry.id in claims.interrupted:
            home = shown.get(told_id(entry.transition))
            _retire(_find(entry, poster), home.timestamp if home else None, entry, poster)


def _find(entry: Entry, poster: Paced, *, thread: str | None = None) -> slack.Lookup:
    return poster.find(entry.id, thread=thread, since=entry.transition.times.decided)


def _retire(stray: slack.Lookup, home: str | None, entry: Entry, poster: Paced) -> None:
    """Let no message look current that was posted without receipt and is not the finding's home."""
    if stray.timestamp and stray.timestamp != home:
        poster.update(stray.timestamp, slack.retired_payload(entry.transition))
