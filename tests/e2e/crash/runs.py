"""One run of a scenario: who dies where, and what is known and told in the end."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from chalicelib.findings._items import entry_from, finding_from
from chalicelib.findings.deliveries import Deliveries
from chalicelib.findings.history import Entry as Stored
from chalicelib.findings.history import hash_of, transition_from
from chalicelib.model import Finding
from chalicelib.model.notice import Entry, Notice, is_posted, is_told, short_id
from chalicelib.pipeline.standing import told_id
from tests.e2e.crash.account import BOT, Account
from tests.e2e.crash.lambda_service import LambdaService
from tests.e2e.crash.scenarios import (
    CLAIM,
    POST,
    PUBLISH,
    RECEIPT,
    THREAD,
    WEBHOOK_POST,
    Scenario,
)
from tests.e2e.crash.worker import AFTER
from tests.e2e.crash.workers import Last
from vigil.local._slack_html import Shown
from vigil.local.environment import SLACK_CHANNEL
from vigil.local.slack_text import text_of

#: Function → where it dies.
Plan = Mapping[str, Last]
REPEATED = "repeated: the first delivery may have arrived"
POSTS = frozenset({PUBLISH, POST, WEBHOOK_POST})
#: What follows a post: it is remembered, then receipted.
CLOSING = frozenset({RECEIPT, THREAD})
#: Names and times that no two runs share.
_VARYING = re.compile(r"\bsg-[0-9a-f]{17}\b|after .*? \(|\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a scenario ended.

    Attributes:
        calls: Function → the calls that left it, of a run in which nobody died.
        firsts: Function → how many of them its first invocation made.
        died: Function → all calls of the process of it that died.
        confirming: The confirming looks after changes that were ordered: resource and number.
    """

    findings: tuple[Finding, ...]
    history: tuple[Stored, ...]
    ledger: tuple[Mapping[str, Any], ...]
    receipts: Mapping[str, str]
    published: list[Notice]
    posted: tuple[Shown, ...]
    dead_letters: tuple[str, ...]
    channel: str = BOT
    plan: Plan = field(default_factory=dict)
    calls: Mapping[str, list[str]] = field(default_factory=dict)
    firsts: Mapping[str, int] = field(default_factory=dict)
    died: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    confirming: frozenset[str] = frozenset()

    @property
    def told(self) -> tuple[Entry, ...]:
        """The entries that somebody must hear of on the channel."""
        return tuple(entry for entry in self.announced if is_posted(entry.transition))

    @property
    def announced(self) -> tuple[Entry, ...]:
        """The entries that are published."""
        entries = (
            Entry(pk=e.pk, sk=e.sk, transition=transition_from(e.body)) for e in self.history
        )
        return tuple(entry for entry in entries if is_told(entry.transition))

    @property
    def known(self) -> Counter[str]:
        """What stands, without what no two runs share."""
        return Counter(
            _plain(
                f"{f.subject.ref.key} {f.rule_id} {f.status} {f.severity} {f.message} "
                f"episode {f.episode} revision {f.revision} by {f.cause and f.cause.event_name}"
            )
            for f in self.findings
        )

    @property
    def happened(self) -> Counter[str]:
        """What the history says, likewise."""
        found = ((e, transition_from(e.body)) for e in self.history)
        return Counter(_plain(f"{e.pk} {t.rule_id} {t.seq} {t.kind} {t.reason}") for e, t in found)

    @property
    def logged(self) -> Counter[str]:
        """What the ledger says, likewise."""
        return Counter(f"{r['event_name']['S']} {r['disposition']['S']}" for r in self.ledger)

    def headlines(self, *, marked: bool) -> Counter[str]:
        """First lines in Slack of messages that are marked as repeated, or of the others."""
        texts = [text_of(message.payload) for message in self.posted]
        return Counter(_plain(t.partition("\n")[0]) for t in texts if (REPEATED in t) is marked)

    def posts_of(self, entry: Entry) -> int:
        """How many messages carry an entry; a webhook's carry nothing."""
        return sum(short_id(entry.id) in _ids(message) for message in self.posted)

    def is_superseded(self, entry: Entry) -> bool:
        """Tell whether an entry was not told because a newer one had been, or it had itself."""
        return self.receipts[entry.id] == "superseded"

    @property
    def is_in_order(self) -> bool:
        """Whether every entry was told before the newer ones."""
        return not any(map(self.is_superseded, self.told))

    def notices_of(self, entry: Entry) -> list[Notice]:
        """Return the announcements of an entry."""
        return [n for n in self.published if entry.id in {e.id for e in n.entries}]


def play(account: Account, scenario: Scenario, channel: str = BOT, plan: Plan | None = None) -> Run:
    """Play a scenario in an empty account; each function of the plan dies once."""
    account.empty(channel)
    scenario.before(account)
    account.forget_events()
    with account.workers.hired() as staff:
        staff.doomed.update(plan or {})
        service = LambdaService(account, staff)
        scenario.act(account, service)
    return replace(
        seen(account),
        died=service.died,
        calls=service.calls,
        firsts=service.firsts,
        confirming=frozenset(service.confirming),
        channel=channel,
        plan=plan or {},
    )


def doubling(done: Sequence[str]) -> bool:
    """Tell whether whoever dies after these calls has posted something without a receipt."""
    since = [*takewhile(lambda call: call not in POSTS, reversed(done))]
    if len(since) == len(done) or set(since) - CLOSING:
        return False
    before = reversed(done[: -len(since) - 1])
    claims = [*takewhile(lambda call: call != RECEIPT, before)].count(CLAIM)
    return RECEIPT not in since or since.count(RECEIPT) < claims


def check_alone(run: Run) -> None:
    """Check what holds whatever happened: one unbroken history, nothing untold, nothing lost."""
    for finding in run.findings:
        _check_chain(finding, run)
    ids = [row["sk"]["S"] for row in run.ledger]
    assert len(ids) == len(set(ids))
    assert not run.dead_letters
    for entry in run.told:
        assert entry.id in run.receipts, f"{entry.id} is not told"
    for entry in run.announced:
        assert run.notices_of(entry), f"{entry.id} was not announced"


def check_against(calm: Run, run: Run) -> None:
    """Check that a run ended as if nobody had died; doubled is what the plan allows, and marked."""
    check_alone(run)
    assert run.known == calm.known
    assert run.happened == calm.happened
    assert run.logged == calm.logged
    assert Counter(map(_plain, run.confirming)) >= Counter(map(_plain, calm.confirming))
    _check_announced(run, doubled=_doubles(run, "announce"))
    if run.channel == BOT:
        check_told_once(run)
        if run.is_in_order:
            assert run.headlines(marked=False) == calm.headlines(marked=False)
    else:
        _check_told_by_webhook(calm, run, doubled=_doubles(run, "slack"))


def _doubles(run: Run, function: str) -> bool:
    calls = run.died.get(function, ())
    return doubling(calls if calls and run.plan[function].side == AFTER else calls[:-1])


def _check_chain(finding: Finding, run: Run) -> None:
    ref = finding.subject.ref.key
    entries = [
        (entry, transition)
        for entry in run.history
        if entry.pk == ref
        and (transition := transition_from(entry.body)).finding
        and transition.rule_id == finding.rule_id
    ]
    entries.sort(key=lambda pair: pair[0].seq)
    assert [entry.seq for entry, _ in entries] == [*range(1, finding.revision + 1)]
    heads = [None, *(hash_of(entry.body) for entry, _ in entries)]
    assert [entry.prev for entry, _ in entries] == heads[:-1]
    assert finding.head == heads[-1]
    assert replace(finding, head=None) == entries[-1][1].finding


def _check_announced(run: Run, *, doubled: bool) -> None:
    again = [len(run.notices_of(entry)) > 1 for entry in run.announced]
    assert any(again) is doubled
    for entry in run.announced:
        first, *others = run.notices_of(entry)
        assert len(others) <= 1
        assert all(notice.repeated for notice in others)
        assert not (first.repeated and others)


def check_told_once(run: Run) -> None:
    """Check that no entry is in two messages, and that only what is older is in none."""
    assert not run.headlines(marked=True)
    for entry in run.told:
        # One whose delivery died after its thread was remembered is superseded by itself.
        allowed = {0, 1} if run.is_superseded(entry) else {1}
        assert run.posts_of(entry) in allowed, entry.id
    for newest in _newest(run.told):
        assert run.posts_of(newest) == 1, newest.id


def _newest(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Return the newest entry of each finding's episode."""
    by_seq = sorted(entries, key=lambda entry: entry.transition.seq)
    return {told_id(e.transition): e for e in by_seq if told_id(e.transition)}.values()


def _check_told_by_webhook(calm: Run, run: Run, *, doubled: bool) -> None:
    plain, marked = run.headlines(marked=False), run.headlines(marked=True)
    expected = calm.headlines(marked=False)
    assert len(run.posted) <= len(calm.posted) + doubled
    if run.is_in_order:
        assert (plain + marked) - expected <= (marked if doubled else Counter())
        assert not expected - (plain + marked)


def seen(account: Account) -> Run:
    """Return what is known and told now."""
    history = tuple(map(entry_from, account.items("history")))
    found = account.items("findings")
    findings = [finding_from(item) for item in found if item["sk"]["S"].startswith("finding#")]
    return Run(
        findings=tuple(findings),
        history=history,
        ledger=tuple(account.items("ledger")),
        receipts=_receipts(account, history),
        published=account.published,
        posted=account.posted,
        dead_letters=tuple(b for q in ("changes", "sweep", "slack") for b in _dead(account, q)),
    )


def _dead(account: Account, queue: str) -> list[str]:
    return account.vigil.dead_letters(queue)


def _receipts(account: Account, history: tuple[Stored, ...]) -> dict[str, str]:
    """Return entry id → the receipt of the Slack channel."""
    table, channel = account.table("work"), f"slack#{SLACK_CHANNEL}"
    deliveries = Deliveries(account.vigils("dynamodb"), table, channel)
    items = {item["pk"]["S"]: item for item in account.items("work")}
    found = {}
    for entry in history:
        entry_id = f"{entry.pk}|{entry.sk}"
        item = items.get(deliveries.key("delivery", short_id(entry_id))["pk"]["S"], {})
        if "receipt" in item:
            found[entry_id] = str(item["receipt"]["S"])
    return found


def _ids(message: Shown) -> list[str]:
    metadata = message.payload.get("metadata") or {}
    return str(metadata.get("event_payload", {}).get("ids", "")).split()


def _plain(text: str) -> str:
    return _VARYING.sub("…", text)
