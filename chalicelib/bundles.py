"""Rule bundles of the past: the one of this build, and every one that was ever deployed.

The bucket keeps all versions. A finding names its rule by the rule's hash, a sweep all rules by
theirs; both are looked for here, the newest bundles first, and not always found.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.deployed import OBJECT_KEY
from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate.bundle import ruleset_from
from chalicelib.evaluate.placing import hash_of, rules_anywhere
from chalicelib.export._rule_texts import RuleTexts, Version
from chalicelib.findings.misfits import REGISTER_RULE
from chalicelib.findings.tampering import ALTERED_RULE, RECOUNT_RULE
from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import Rule
from chalicelib.model.ruleset import Ruleset

#: Rules that stand in no bundle: nobody switches them off.
OWN_RULES = (ALTERED_RULE, RECOUNT_RULE, REGISTER_RULE, UNREADABLE_RULE)
#: Deployed bundles that are read at most, the newest ones.
LOOKED_AT = 100


def rulesets(packaged: bytes, s3: Callable[[], Any], bucket: str) -> Iterator[Ruleset]:
    """Yield the rules of this build, Vigil's own, then those that were deployed, newest first.

    Bundles that another build wrote in another format are left out.

    Args:
        packaged: The bundle of this build.
        s3: Builds the client; not called before it is needed.
        bucket: Where rules are deployed to; empty for nowhere.
    """
    yield from _read(packaged)
    yield Ruleset(rules=OWN_RULES)
    if not bucket:
        return
    for version in islice(_versions(s3(), bucket), LOOKED_AT):
        answer = s3().get_object(Bucket=bucket, Key=OBJECT_KEY, VersionId=version)
        yield from _read(answer["Body"].read())


def texts_from(found: Iterable[Ruleset], named: Iterable[Version], bundle: str | None) -> RuleTexts:
    """Look for the rules that a history names.

    Args:
        found: Where to look; no further than needed.
        named: Ids and hashes of rules.
        bundle: Hash of all rules in force at the window's end; None where nothing says it.
    """
    missing = set(named)
    versions: dict[Version, Rule] = {}
    in_force: Ruleset | None = None
    for ruleset in found:
        versions = {**_versions_in(ruleset), **versions}
        if in_force is None and bundle is not None and hash_of(ruleset) == bundle:
            in_force = ruleset
        missing -= versions.keys()
        if not missing and (bundle is None or in_force is not None):
            break
    return RuleTexts(
        versions=versions,
        in_force={rule.id: rule for rule in rules_anywhere(in_force)} if in_force else {},
        bundle=bundle,
    )


def _versions_in(ruleset: Ruleset) -> dict[Version, Rule]:
    overriding = (rule for override in ruleset.overrides for rule in override.rules)
    return {(rule.id, rule.hash): rule for rule in (*ruleset.rules, *overriding)}


def _read(data: bytes) -> Iterator[Ruleset]:
    try:
        yield ruleset_from(data)
    except RuleDocumentError:
        return


def _versions(s3: Any, bucket: str) -> Iterator[str]:
    query: dict[str, Any] = {"Bucket": bucket, "Prefix": OBJECT_KEY}
    while True:
        try:
            page = s3.list_object_versions(**query)
        except ClientError as error:
            # Without it the texts stay unknown, and the pack names them.
            if error.response.get("Error", {}).get("Code") not in ("AccessDenied", "NoSuchBucket"):
                raise
            return
        yield from (v["VersionId"] for v in page.get("Versions", ()) if v["Key"] == OBJECT_KEY)
        if not page.get("IsTruncated"):
            return
        query["KeyMarker"] = page["NextKeyMarker"]
        query["VersionIdMarker"] = page["NextVersionIdMarker"]
