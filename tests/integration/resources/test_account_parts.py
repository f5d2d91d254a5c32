"""The account's settings: absent ones, odd answers, and what only some accounts are told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.model import ConfigurationItem, GapReason, ResourceRef
from chalicelib.resources import _frame
from chalicelib.resources.account_global import RESOURCE_TYPE
from tests.integration.resources.recorded_aws import ACCOUNT, StoppedClock

REF = ResourceRef(account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT)
SUMMARY = {"AccountAccessKeysPresent": 0, "AccountMFAEnabled": 1, "Users": 3}
SUPPORT, SHELL = "AWSSupportAccess", "AWSCloudShellFullAccess"


class RefusedError(ClientError):
    """AWS's refusal with a code."""

    def __init__(self, code: str) -> None:
        """Keep the code as botocore would."""
        super().__init__({"Error": {"Code": code, "Message": ""}}, "Asked")


@dataclass
class ScriptedAws:
    """Answers by method name: a mapping, an error, or the pages of a listing.

    Attributes:
        script: Method → answer.
        asked: What listings were asked for.
    """

    script: Mapping[str, Any]
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def client(self, *_: Any, **__: Any) -> "ScriptedAws":
        """Return the one client there is."""
        return self

    def __getattr__(self, name: str) -> Any:
        """Return the call named."""
        return lambda **given: self._answer(name, given)

    def get_paginator(self, name: str) -> Any:
        """Return what walks a listing."""
        return _Pages(self, name)

    def _answer(self, name: str, given: Mapping[str, Any]) -> Any:
        self.asked.append(given)
        answer = self.script[name]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class _Pages:
    aws: ScriptedAws
    name: str

    def paginate(self, **given: Any) -> Iterator[Mapping[str, Any]]:
        yield from self.aws._answer(self.name, given)


def look(script: Mapping[str, Any], *names: str) -> ConfigurationItem:
    pointers = frozenset(f"/observed/{name}" for name in names)
    item = _frame.describe(ScriptedAws(script), RESOURCE_TYPE, REF, pointers, StoppedClock())
    assert item is not None
    return item


def observed(script: Mapping[str, Any], name: str) -> Any:
    item = look(script, name)
    assert item.gaps == ()
    return item.observed[name]


def gap_of(script: Mapping[str, Any], name: str) -> tuple[str, GapReason, str]:
    item = look(script, name)
    (gap,) = [gap for gap in item.gaps if gap.pointer == f"/observed/{name}"]
    assert item.observed[name] is None
    return gap.call, gap.reason, gap.error


def summary(**changes: Any) -> dict[str, Any]:
    return {"get_account_summary": {"SummaryMap": {**SUMMARY, **changes}}}


@pytest.mark.parametrize(
    ("changes", "password"),
    [
        pytest.param({"AccountPasswordPresent": 0}, 0, id="removed"),
        pytest.param({"AccountPasswordPresent": 1}, 1, id="present"),
        pytest.param({}, None, id="not told"),
    ],
)
def test_a_password_that_aws_does_not_speak_of_is_not_removed(
    changes: dict[str, int], password: int | None
) -> None:
    read = observed(summary(**changes), "AccountSummary")

    assert read["AccountPasswordPresent"] == password


@pytest.mark.parametrize("missing", SUMMARY)
def test_a_summary_without_what_aws_always_sends_is_a_gap(missing: str) -> None:
    rest = {name: value for name, value in SUMMARY.items() if name != missing}

    gap = gap_of({"get_account_summary": {"SummaryMap": rest}}, "AccountSummary")

    assert gap == ("iam:GetAccountSummary", GapReason.MALFORMED, "MalformedAnswerError")


def device(serial: str, holder: str | None = None) -> dict[str, Any]:
    user = {"User": {"Arn": holder}} if holder else {}
    return {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/{serial}", **user}


def test_virtual_devices_of_root_are_found_on_every_page_and_under_every_name() -> None:
    pages = [
        {"VirtualMFADevices": [device("bob", f"arn:aws:iam::{ACCOUNT}:user/bob")]},
        {"VirtualMFADevices": [device("phone", f"arn:aws:iam::{ACCOUNT}:root")]},
        {"VirtualMFADevices": [device("root-account-mfa-device")]},
    ]
    aws = ScriptedAws({"list_virtual_mfa_devices": pages})
    wanted = frozenset({"/observed/RootVirtualMfaDevices"})

    item = _frame.describe(aws, RESOURCE_TYPE, REF, wanted, StoppedClock())

    assert item is not None
    assert item.observed["RootVirtualMfaDevices"] == [
        f"arn:aws:iam::{ACCOUNT}:mfa/phone",
        f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device",
    ]
    assert aws.asked == [{"AssignmentStatus": "Assigned"}]


HEAD = b"user,arn,password_last_used,access_key_1_last_used_date,access_key_2_last_used_date"


def report(*rows: bytes, head: bytes = HEAD) -> dict[str, Any]:
    return {"get_credential_report": {"Content": b"\n".join([head, *rows])}}


@pytest.mark.parametrize(
    ("row", "uses"),
    [
        pytest.param(
            b"<root_account>,arn,2025-06-01T10:00:00+00:00,N/A,N/A",
            ("2025-06-01T10:00:00.000Z", None, None),
            id="password used",
        ),
        pytest.param(
            b"<root_account>,arn,no_information,2025-06-01T12:00:00+02:00,N/A",
            (None, "2025-06-01T10:00:00.000Z", None),
            id="key used, another time zone",
        ),
        pytest.param(
            b'<root_account>,"a,b",not_supported,N/A,2025-06-01T10:00:00Z\r',
            (None, None, "2025-06-01T10:00:00.000Z"),
            id="quotes and carriage returns",
        ),
        pytest.param(b"<root_account>,arn,N/A,N/A,N/A", (None, None, None), id="never used"),
        pytest.param(
            b"\xff\xfe,arn,x,y,z\n<root_account>,arn,N/A,N/A,N/A",
            (None, None, None),
            id="a row before it that is no text",
        ),
    ],
)
def test_the_use_of_root_is_read_from_its_row(row: bytes, uses: tuple[str | None, ...]) -> None:
    stranger = b"bob,arn,2025-12-31T10:00:00+00:00,N/A,N/A"

    read = observed(report(stranger, row), "RootUse")

    assert tuple(read.values()) == uses


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(report(b"bob,arn,N/A,N/A,N/A"), id="no row for root"),
        pytest.param({"get_credential_report": {"Content": b""}}, id="nothing"),
        pytest.param({"get_credential_report": {}}, id="no content"),
        pytest.param(report(b"<root_account>,arn"), id="a row that ends early"),
        pytest.param(report(b"<root_account>,arn", head=b"user,arn"), id="no such columns"),
        pytest.param(report(b"<root_account>,arn,yesterday,N/A,N/A"), id="no date"),
        pytest.param(report(b"<root_account>,arn,2025-06-01T10:00:00,N/A,N/A"), id="no time zone"),
        pytest.param(report(b"<root_account>,arn,,N/A,N/A"), id="an empty date"),
        pytest.param(report(b"\xff\xfe\x00,arn,N/A,N/A,N/A"), id="no text"),
        pytest.param(
            report(b"<root_account>," + b"a" * 200_000 + b",N/A,N/A,N/A"), id="a field too long"
        ),
    ],
)
def test_a_report_that_says_nothing_of_root_is_a_gap(answer: dict[str, Any]) -> None:
    call, reason, _ = gap_of(answer, "RootUse")

    assert (call, reason) == ("iam:GetCredentialReport", GapReason.MALFORMED)


@pytest.mark.parametrize("code", ["ReportInProgress", "ReportNotPresent", "ReportExpired"])
def test_a_report_that_is_not_ready_is_a_gap_that_passes(code: str) -> None:
    gap = gap_of({"get_credential_report": RefusedError(code)}, "RootUse")

    assert gap == ("iam:GetCredentialReport", GapReason.UNAVAILABLE, "ReportNotReady")


def test_the_report_is_asked_for_first_and_fetched_last() -> None:
    names = [facet.name for facet in RESOURCE_TYPE.facets]

    assert (names[0], names[-1]) == ("credential_report", "root_use")


@pytest.mark.parametrize("state", ["STARTED", "INPROGRESS", "COMPLETE"])
def test_a_report_that_was_just_started_is_fetched_all_the_same(state: str) -> None:
    script = {
        "generate_credential_report": {"State": state},
        **report(b"<root_account>,arn,N/A,N/A,N/A"),
    }

    item = look(script, "CredentialReportState", "RootUse")

    assert item.gaps == ()
    assert item.observed["CredentialReportState"] == state


def test_an_account_without_a_security_contact_has_none() -> None:
    script = {"get_alternate_contact": RefusedError("ResourceNotFoundException")}

    assert observed(script, "SecurityContact") is None


def test_of_a_contact_only_the_address_is_kept() -> None:
    contact = {"Name": "Ada", "Title": "x", "EmailAddress": "s@example.com", "PhoneNumber": "1"}
    script = {"get_alternate_contact": {"AlternateContact": contact}}

    assert observed(script, "SecurityContact") == {"EmailAddress": "s@example.com"}


DETAILS = {
    "FullName": "Example Corp",
    "AddressLine1": "1 Any Street",
    "City": "Any Town",
    "PostalCode": "12345",
    "CountryCode": "DE",
    "PhoneNumber": "+49 30 1",
}


@pytest.mark.parametrize(
    ("details", "missing"),
    [
        pytest.param(DETAILS, [], id="all there"),
        pytest.param(
            {**DETAILS, "City": "  ", "PhoneNumber": None}, ["City", "PhoneNumber"], id="blank"
        ),
    ],
)
def test_details_that_are_not_filled_in_are_named(
    details: dict[str, Any], missing: list[str]
) -> None:
    script = {"get_contact_information": {"ContactInformation": details}}

    assert observed(script, "MissingContactDetails") == missing


def test_an_account_without_contact_details_lacks_all_of_them() -> None:
    script = {"get_contact_information": RefusedError("ResourceNotFoundException")}

    assert observed(script, "MissingContactDetails") == list(DETAILS)


@pytest.mark.parametrize(
    ("answer", "policy"),
    [
        pytest.param(RefusedError("NoSuchEntity"), (8, 0), id="never set"),
        pytest.param(
            {"PasswordPolicy": {"MinimumPasswordLength": 14, "PasswordReusePrevention": 24}},
            (14, 24),
            id="set",
        ),
        pytest.param(
            {"PasswordPolicy": {"MinimumPasswordLength": 6}}, (6, 0), id="passwords may come again"
        ),
    ],
)
def test_password_rules_are_the_accounts_or_awss(answer: Any, policy: tuple[int, int]) -> None:
    read = observed({"get_account_password_policy": answer}, "PasswordPolicy")

    assert tuple(read.values()) == policy


def test_a_password_policy_without_a_length_is_a_gap() -> None:
    gap = gap_of({"get_account_password_policy": {"PasswordPolicy": {}}}, "PasswordPolicy")

    assert gap[1] is GapReason.MALFORMED


def holders(*, users: tuple[str, ...] = (), roles: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "PolicyUsers": [{"UserName": name} for name in users],
        "PolicyRoles": [{"RoleName": name} for name in roles],
        "PolicyGroups": [],
    }


def test_holders_of_a_policy_are_found_on_every_page() -> None:
    pages = [holders(roles=("support",)), holders(users=("bob",))]
    aws = ScriptedAws({"list_entities_for_policy": pages})
    wanted = frozenset({"/observed/AwsPolicyHolders"})

    item = _frame.describe(aws, RESOURCE_TYPE, REF, wanted, StoppedClock())

    both = [{"Kind": "role", "Name": "support"}, {"Kind": "user", "Name": "bob"}]
    assert item is not None
    assert item.observed["AwsPolicyHolders"] == {SUPPORT: both, SHELL: both}
    assert [asked["PolicyArn"] for asked in aws.asked] == [
        f"arn:aws:iam::aws:policy/{SUPPORT}",
        f"arn:aws:iam::aws:policy/{SHELL}",
    ]
    # A permissions boundary is no permission.
    assert {asked["PolicyUsageFilter"] for asked in aws.asked} == {"PermissionsPolicy"}


def test_what_a_partition_does_not_have_nobody_holds() -> None:
    script = {"list_entities_for_policy": RefusedError("NoSuchEntity")}

    assert observed(script, "AwsPolicyHolders") == {SUPPORT: [], SHELL: []}


def test_an_account_in_no_organisation_has_none() -> None:
    script = {"describe_organization": RefusedError("AWSOrganizationsNotInUseException")}

    assert observed(script, "Organization") is None


def test_an_account_knows_whose_organisation_it_is_in() -> None:
    organization = {"Id": "o-1", "MasterAccountId": "999999999999", "MasterAccountEmail": "x"}
    script = {"describe_organization": {"Organization": organization}}

    read = observed(script, "Organization")

    assert read == {"Id": "o-1", "ManagementAccountId": "999999999999"}


def administrator(account_id: str, **status: str) -> dict[str, str]:
    return {"Id": account_id, "Email": "x@example.com", **status}


def test_delegated_administrators_are_found_on_every_page() -> None:
    pages = [
        {"DelegatedAdministrators": [administrator("2", Status="SUSPENDED")]},
        {"DelegatedAdministrators": [administrator("1", Status="ACTIVE", State="CLOSED")]},
    ]

    read = observed({"list_delegated_administrators": pages}, "DelegatedAdministrators")

    assert read == [{"Id": "1", "Status": "CLOSED"}, {"Id": "2", "Status": "SUSPENDED"}]


@pytest.mark.parametrize(
    "code",
    [
        "OrganizationNotFoundException",
        "ServiceAccessNotEnabledException",
        "ServiceAccessNotEnabled",
    ],
)
def test_where_no_feature_can_be_on_none_is(code: str) -> None:
    assert (
        observed({"list_organizations_features": RefusedError(code)}, "OrganizationFeatures") == []
    )


@pytest.mark.parametrize(
    ("name", "method", "code"),
    [
        pytest.param(
            "OrganizationFeatures",
            "list_organizations_features",
            "AccountNotManagementOrDelegatedAdministratorException",
            id="features",
        ),
        pytest.param(
            "OrganizationFeatures", "list_organizations_features", "AccessDenied", id="denied"
        ),
        pytest.param(
            "DelegatedAdministrators",
            "list_delegated_administrators",
            "AccessDeniedException",
            id="administrators",
        ),
    ],
)
def test_what_a_member_account_is_not_told_is_a_gap(name: str, method: str, code: str) -> None:
    _, reason, error = gap_of({method: RefusedError(code)}, name)

    assert (reason in {GapReason.DENIED, GapReason.UNSUPPORTED}, error) == (True, code)
