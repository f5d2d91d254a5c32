"""Applies what ``vigil.yaml`` says: rules on or off, severity, parameters, owners, due times.

A severity that a person sets holds as it is: the rule's own ``severity_when`` does not move it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate.compiler import compile_rule, rehashed
from chalicelib.model import ResourceType, Rule, Severity
from chalicelib.model.ruleset import DEFAULT_SLA, ExemptionPolicy, Override, Ruleset
from vigil._yaml import Read
from vigil.library.document import account_ids
from vigil.rulefiles import RuleFile

Settings = Mapping[str, Any]
Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuner:
    """The settings of one file, to be applied to the rules of some files.

    Attributes:
        files: Rule id → its file.
    """

    source: Path
    read: Read
    files: Mapping[str, RuleFile]
    types: tuple[ResourceType, ...]

    def ruleset(self) -> Ruleset:
        """Return the rules with all settings applied.

        Raises:
            RuleDocumentError: A setting names no rule or parameter, or does not fit it.
        """
        everywhere: Mapping[str, Settings] = self.read.value.get("rules", {})
        rules = {rule_id: file.rule for rule_id, file in self.files.items()}
        for rule_id, settings in everywhere.items():
            rules[rule_id] = self._tuned(rule_id, (settings,), ("rules", rule_id))
        off = {rule_id for rule_id, settings in everywhere.items() if _is_off(settings)}
        owners = self.read.value.get("owners", {})
        return Ruleset(
            rules=tuple(rules[rule_id] for rule_id in sorted(rules.keys() - off)),
            overrides=tuple(
                self._override(written, everywhere, ("overrides", index))
                for index, written in enumerate(self.read.value.get("overrides", ()))
            ),
            owners=dict(owners.get("accounts", {})),
            default_owner=owners.get("default"),
            sla=self._sla(),
            exemptions=ExemptionPolicy(**self.read.value.get("exemptions", {})),
        )

    def _sla(self) -> dict[Severity, int]:
        """Return hours by severity; what is not said is as by default, null takes it away."""
        written = self.read.value.get("sla", {})
        said = {Severity(name): hours for name, hours in written.items()}
        merged = {**DEFAULT_SLA, **said}
        return {severity: int(hours) for severity, hours in merged.items() if hours is not None}

    def _override(
        self, written: Settings, everywhere: Mapping[str, Settings], where: Where
    ) -> Override:
        rules, disabled = [], []
        for rule_id, settings in written["rules"].items():
            place = (*where, "rules", rule_id)
            # What holds everywhere holds here too, unless it is said again.
            layers = (everywhere.get(rule_id, {}), settings)
            rule = self._tuned(rule_id, layers, place)
            if _is_off({**layers[0], **layers[1]}):
                disabled.append(rule_id)
            else:
                rules.append(rule)
        return Override(
            accounts=account_ids(written.get("accounts", ())),
            regions=tuple(written.get("regions", ())),
            rules=tuple(rules),
            disabled=tuple(disabled),
        )

    def _tuned(self, rule_id: str, layers: tuple[Settings, ...], where: Where) -> Rule:
        file = self.files.get(rule_id)
        if file is None:
            near = get_close_matches(rule_id, self.files, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise self._refused(f"no such rule: {rule_id!r}{hint}", where)
        parameters = {k: v for layer in layers for k, v in layer.get("parameters", {}).items()}
        self._check(file, parameters, where)
        rule = self._compiled(file, parameters, where) if parameters else file.rule
        severity = {**layers[0], **layers[-1]}.get("severity")
        if severity is None:
            return rule
        return rehashed(replace(rule, severity=Severity(severity), severity_when=()))

    def _check(self, file: RuleFile, parameters: Mapping[str, Any], where: Where) -> None:
        defaults = file.document.get("parameters", {})
        for name, value in parameters.items():
            place = (*where, "parameters", name)
            if name not in defaults:
                known = ", ".join(defaults) or "it has none"
                raise self._refused(f"{file.rule.id} has no parameter {name!r} ({known})", place)
            if _kind(value) != _kind(defaults[name]):
                message = f"expected {_kind(defaults[name])} such as {defaults[name]!r}"
                raise self._refused(f"{name}: {message}, not {value!r}", place)

    def _compiled(self, file: RuleFile, parameters: Mapping[str, Any], where: Where) -> Rule:
        try:
            return compile_rule(
                file.document,
                source=file.source,
                line_of=file.read.line_of,
                types=self.types,
                parameters=parameters,
            )
        except RuleDocumentError as error:
            raise self._refused(str(error), (*where, "parameters")) from error

    def _refused(self, message: str, where: Where) -> RuleDocumentError:
        place = "/".join(map(str, where))
        return RuleDocumentError(
            f"{place}: {message}", source=str(self.source), line=self.read.line_of(where)
        )


def _is_off(settings: Settings) -> bool:
    return settings.get("enabled") is False


def _kind(value: Any) -> str:
    kinds = ((bool, "true or false"), (int | float, "a number"), (str, "a text"), (list, "a list"))
    return next((name for kind, name in kinds if isinstance(value, kind)), type(value).__name__)
