"""Which kind of tool a call came from, and its version.

A hint, never proof: the user agent is whatever the caller wrote. Only ``invokedBy``, the source
"address" of an AWS service and ``sessionCredentialFromConsole`` are AWS's own words.
"""

import re
from dataclasses import dataclass

from chalicelib.model import Via

#: CloudTrail keeps 1 KB of user agent; infrastructure tools often sign at its end.
USER_AGENT_READ_CHARS = 1024

SIGN_IN_SERVICE = "signin.amazonaws.com"

_CLOUDFORMATION = "cloudformation.amazonaws.com"
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?|AWS Internal(/\d+)?")
_CONSOLE = re.compile(
    r"\bconsole(\.[\w-]+)?\.amazonaws\.com|\bsignin\.amazonaws\.com"
    r"|\bS3Console/|\bConsole,|\bAWS-Console|^\[?Mozilla/"
)
_IAC = re.compile(
    r"\b((?:OpenTofu|Terraform|Pulumi|PulumiAws|aws-cdk|Ansible|crossplane[\w-]*)/[\w.+-]+)",
    re.IGNORECASE,
)
_SDK = re.compile(
    r"\b((?:aws-cli|Boto3|Botocore|aws-sdk-[\w-]+|AWSPowerShell[\w.]*)/[\w.+-]+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a record says about the tool; empty texts where it says nothing."""

    invoked_by: str
    user_agent: str
    source: str
    from_console: bool
    by_service: bool


def is_service_name(source: str) -> bool:
    """Tell whether a source "address" is an AWS service instead of an IP address."""
    return _SERVICE.fullmatch(source) is not None


def tool_behind(origin: Origin) -> tuple[Via, str | None]:
    """Return the kind of tool and, where the user agent names one, ``Terraform/1.11.4``."""
    answers = (reader(origin) for reader in _READERS)
    return next(filter(None, answers), (Via.UNKNOWN, None))


def _infrastructure(origin: Origin) -> tuple[Via, str | None] | None:
    if _CLOUDFORMATION in (origin.invoked_by, origin.source, origin.user_agent):
        return Via.IAC, "CloudFormation"
    found = _IAC.search(origin.user_agent)
    return (Via.IAC, found[1]) if found else None


def _invoking_service(origin: Origin) -> tuple[Via, str | None] | None:
    invoked = origin.by_service or origin.invoked_by not in ("", SIGN_IN_SERVICE)
    return (Via.SERVICE, None) if invoked else None


def _console(origin: Origin) -> tuple[Via, str | None] | None:
    signed_in = origin.from_console or origin.invoked_by == SIGN_IN_SERVICE
    return (Via.CONSOLE, None) if signed_in or _CONSOLE.search(origin.user_agent) else None


def _named_service(origin: Origin) -> tuple[Via, str | None] | None:
    named = is_service_name(origin.source) or is_service_name(origin.user_agent)
    return (Via.SERVICE, None) if named else None


def _sdk(origin: Origin) -> tuple[Via, str | None] | None:
    found = _SDK.search(origin.user_agent)
    return (Via.SDK, found[1]) if found else None


#: In order of proof: S3's console, for one, calls through an SDK and says both.
_READERS = (_infrastructure, _invoking_service, _console, _named_service, _sdk)
