"""Users with passwords, devices, keys and policies; groups; server certificates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.prowler.account.seeding import Seeding, document

_ADMIN = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
_AWS_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
_AWS_READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user.

    Attributes:
        key: Age of the access key in days; None: no key.
        used: Days since the key was used; None: never.
        seen: Days since the password was used; None: never.
        age: Days since the user, and the password, was made.
    """

    password: bool = False
    mfa: bool = False
    key: int | None = None
    active: bool = True
    used: int | None = None
    seen: int | None = None
    age: int = 200
    inline: Mapping[str, Any] | None = None
    attached: str | None = None
    groups: tuple[str, ...] = field(default=())


USERS: Mapping[str, User] = {
    **{f"user-good-{number:02}": User(groups=("readers",)) for number in range(1, 6)},
    "user-mfa": User(password=True, mfa=True, seen=1),
    "user-no-mfa": User(password=True, seen=1),
    "user-password-unused": User(password=True, mfa=True, seen=100),
    "user-password-never-used": User(password=True, mfa=True),
    "user-password-new": User(password=True, mfa=True, age=2),
    "user-key-fresh": User(key=10, used=1),
    "user-key-old": User(key=91, used=1),
    "user-key-old-inactive": User(key=200, active=False),
    "user-key-unused": User(key=80, used=50),
    "user-key-never-used": User(key=46),
    "user-key-new-never-used": User(key=2),
    "user-inline": User(inline=_READ),
    "user-inline-admin": User(inline=_ADMIN),
    "user-attached": User(attached=_AWS_READ),
    "user-attached-admin": User(attached=_AWS_ADMIN),
    "user-admin-by-group": User(groups=("admins",)),
}


def seed(aws: Seeding) -> None:
    """Make them."""
    iam = aws.client("iam")
    for group in ("readers", "admins", "inline-admins", "empty"):
        iam.create_group(GroupName=group)
        aws.made += 1
    iam.attach_group_policy(GroupName="readers", PolicyArn=_AWS_READ)
    iam.attach_group_policy(GroupName="admins", PolicyArn=_AWS_ADMIN)
    iam.put_group_policy(
        GroupName="inline-admins", PolicyName="admin", PolicyDocument=document(_ADMIN)
    )
    for name, user in USERS.items():
        _user(aws, iam, name, user)
    _certificates(aws, iam)


def _user(aws: Seeding, iam: Any, name: str, user: User) -> None:
    iam.create_user(UserName=name)
    aws.made += 1
    for group in user.groups:
        iam.add_user_to_group(GroupName=group, UserName=name)
    if user.password:
        iam.create_login_profile(UserName=name, Password="Correct-Horse-1")
    if user.mfa:
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
        iam.enable_mfa_device(
            UserName=name,
            SerialNumber=made["VirtualMFADevice"]["SerialNumber"],
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )
    if user.key is not None:
        key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        # A key is known by whose it is.
        aws.call(name, key)
        if not user.active:
            iam.update_access_key(UserName=name, AccessKeyId=key, Status="Inactive")
    if user.inline:
        iam.put_user_policy(
            UserName=name, PolicyName="inline", PolicyDocument=document(user.inline)
        )
    if user.attached:
        iam.attach_user_policy(UserName=name, PolicyArn=user.attached)


def _certificates(aws: Seeding, iam: Any) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    now = datetime.now(UTC)
    for name, ends in (("expired", now - timedelta(days=30)), ("valid", now + timedelta(days=300))):
        iam.upload_server_certificate(
            ServerCertificateName=f"certificate-{name}",
            CertificateBody=_certificate(key, ends),
            PrivateKey=private,
        )
        aws.made += 1


def _certificate(key: ec.EllipticCurvePrivateKey, ends: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    builder = x509.CertificateBuilder(
        subject_name=name,
        issuer_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=ends - timedelta(days=365),
        not_valid_after=ends,
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
