"""The deployed functions and the packaged rules, ready for the embedded AWS."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from chalicelib.evaluate.bundle import bundle_from
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.functions import (
    announce,
    due,
    evaluate,
    export,
    posture,
    reannounce,
    recount,
    seal,
    sign,
    slack,
    sweep_start,
    sweep_work,
)
from vigil.library.loading import library
from vigil.local import _gateway
from vigil.local._functions import Handler
from vigil.local.environment import LocalOptions, LocalVigil
from vigil.local.moto_server import EmbeddedAws
from vigil.package.patterns import event_patterns
from vigil.rulefiles import resource_types

#: Function name → the handler that Lambda would call.
HANDLERS: Mapping[str, Handler] = {
    "evaluate": evaluate.evaluate,
    "sweep_start": sweep_start.sweep_start,
    "sweep_work": sweep_work.sweep_work,
    "due": due.due,
    "announce": announce.announce,
    "reannounce": reannounce.reannounce,
    "posture": posture.posture,
    "slack": slack.slack,
    "export": export.export,
    "seal": seal.seal,
    "sign": sign.sign,
    "recount": recount.recount,
    _gateway.API: _gateway.handler,
}


def deployed(
    aws: EmbeddedAws,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    options: LocalOptions | None = None,
    rules: Sequence[Path] = (),
    rule_settings: Path | None = None,
) -> LocalVigil:
    """Return Vigil on an embedded AWS, with its rule bundle written into `folder`.

    Args:
        aws: An embedded AWS that has been entered.
        folder: Must outlive the result.
        settings: Overrides of the functions' environment.
        options: What differs from a plain start.
        rules: Folders or files of rules beside the built-in ones.
        rule_settings: The file that says what is set of rules and owners, or None.

    Raises:
        RuleDocumentError: A rule is wrong.
    """
    ruleset = library(resource_types(), rules, rule_settings).ruleset
    bundle = folder / "bundle.json"
    bundle.write_bytes(bundle_from(ruleset))
    rulebook = Rulebook.in_force(ruleset, resource_types())
    return LocalVigil(
        aws,
        HANDLERS,
        event_patterns(resource_types(), rulebook),
        {"VIGIL_BUNDLE": str(bundle), **(settings or {})},
        options=options,
    )
