"""What identity providers put into their tokens, and which part of it names one customer.

A provider that all its customers share says nothing by itself: only the subject, or the audience
where that is the customer's own app id, tells one from another. A condition key that is not in
this table is one AWS does not know for the provider; it closes nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# A name without wildcard, then the separator: `repo:org*` also matches the stranger `orgevil/x`.
_NAME = r"[^*?$/:]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One kind of provider.

    Attributes:
        host: Pattern the issuer's host and path match.
        subject: Start of a claim with wildcards that still names one customer; None where only a
            literal does.
        whole: Pattern of a ``sub`` that names a customer and nothing narrower.
        claims: Condition keys (SAML: whole, else behind the issuer) that can name one customer.
        loose: Exposure of a role that pins nothing.
    """

    kind: str
    host: re.Pattern[str]
    subject: re.Pattern[str] | None = None
    whole: re.Pattern[str] | None = None
    claims: tuple[str, ...] = ()
    loose: str = "anyone-at-provider"


_SUB = ("sub",)
_GITHUB_OWNER = (
    rf"(repo:{_NAME}/|(repository_owner|repository_owner_id|repository_id):{_NAME}(:|$))"
)

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        kind="github",
        host=re.compile(r"token\.actions\.githubusercontent\.com(/.*)?"),
        subject=re.compile(rf"({_GITHUB_OWNER}|job_workflow_ref:{_NAME}/)"),
        whole=re.compile(rf"(repo:{_NAME}/\*.*|(repository_owner|repository_owner_id):.*)"),
        claims=_SUB,
    ),
    Provider(
        kind="gitlab",
        host=re.compile(r"(.+\.)?gitlab\..+"),
        subject=re.compile(rf"project_path:{_NAME}/"),
        whole=re.compile(rf"project_path:{_NAME}/\*"),
        claims=_SUB,
    ),
    Provider(
        kind="terraform-cloud",
        host=re.compile(r"app\.(eu\.)?terraform\.io"),
        subject=re.compile(rf"organization:{_NAME}:"),
        whole=re.compile(rf"organization:{_NAME}:(\*|project:\*(:.*)?)"),
        claims=_SUB,
    ),
    Provider(
        kind="bitbucket",
        host=re.compile(r"api\.bitbucket\.org/2\.0/workspaces/.+"),
        subject=re.compile(r"[^*?$]{4,}"),
        claims=_SUB,
        loose="whole-organisation",
    ),
    Provider(
        kind="circleci",
        host=re.compile(r"oidc\.circleci\.com/org/.+"),
        subject=re.compile(rf"org/{_NAME}/project/{_NAME}"),
        claims=_SUB,
        loose="whole-organisation",
    ),
    Provider(
        kind="eks",
        host=re.compile(r"oidc[.-]eks\..+/id/.+"),
        subject=re.compile(rf"system:serviceaccount:{_NAME}:"),
        claims=_SUB,
        loose="own-cluster",
    ),
    Provider(
        kind="cognito",
        host=re.compile(r"cognito-identity(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?"),
        claims=("aud",),
    ),
    Provider(
        kind="google", host=re.compile(r"accounts\.google\.com"), claims=("aud", "oaud", "sub")
    ),
    Provider(
        kind="facebook", host=re.compile(r"graph\.facebook\.com"), claims=("app_id", "aud", "id")
    ),
    Provider(
        kind="amazon", host=re.compile(r"www\.amazon\.com"), claims=("app_id", "aud", "user_id")
    ),
)

#: Any other OpenID Connect issuer: perhaps shared, so either the subject or the audience must be
#: one literal.
OTHER = Provider(kind="other", host=re.compile(r".*"), claims=("sub", "aud"))

SAML = Provider(
    kind="saml",
    host=re.compile(r""),
    subject=re.compile(
        r"https://([a-z0-9*-]+\.)?signin\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/saml$"
    ),
    claims=("saml:aud",),
    loose="unpinned-audience",
)

#: Actions, in lower case, that give a session for a token of the provider.
ASSUMING: Mapping[bool, str] = {
    True: "sts:assumerolewithsaml",
    False: "sts:assumerolewithwebidentity",
}

_OIDC_MARK = ":oidc-provider/"
_SAML_MARK = ":saml-provider/"


def issuer_of(name: str) -> str:
    """Return the issuer's host and path, in lower case, of a provider's ARN or bare host."""
    return name.partition(_OIDC_MARK)[2].lower() if _OIDC_MARK in name else name.lower()


def provider_of(name: str) -> Provider:
    """Return what is known of the provider that a Federated principal names."""
    if _SAML_MARK in name:
        return SAML
    issuer = issuer_of(name)
    return next((known for known in PROVIDERS if known.host.fullmatch(issuer)), OTHER)
