"""S3's actions on a bucket and its objects: what each touches, and whether it reads or writes.

*Read* means contents, listings, and who may do what (ACLs, policy); other settings of a bucket are
no secret. *Write* means anything that changes objects or the bucket.
"""

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.facts._globs import Patterns


class Scope(StrEnum):
    """What an action is performed on."""

    BUCKET = "bucket"
    OBJECTS = "objects"


class Access(StrEnum):
    """What an action does to it."""

    READ = "read"
    WRITE = "write"


def _names(text: str) -> tuple[str, ...]:
    return tuple(f"s3:{name}" for name in text.split())


_BUCKET_READS = _names("""
    ListBucket ListBucketVersions ListBucketMultipartUploads GetBucketAcl GetBucketPolicy
""")
_BUCKET_SETTINGS = _names("""
    GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketCORS GetBucketLocation
    GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification
    GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicyStatus
    GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning
    GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration
    GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration
    GetReplicationConfiguration
""")
_BUCKET_WRITES = _names("""
    CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration
    DeleteBucketPolicy DeleteBucketWebsite PutAccelerateConfiguration PutAnalyticsConfiguration
    PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
    PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
    PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning
    PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration
    PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration
    PutReplicationConfiguration
""")
_OBJECT_READS = _names("""
    GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
    GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl
    GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging
    GetObjectVersionTorrent ListMultipartUploadParts
""")
_OBJECT_WRITES = _names("""
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging
    DeleteObjectVersion DeleteObjectVersionTagging InitiateReplication
    ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention
    PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject
    ReplicateTags RestoreObject
""")

#: Scope → every action on it, in lower case with the prefix.
ACTIONS: Mapping[Scope, tuple[str, ...]] = {
    Scope.BUCKET: tuple(
        name.lower() for name in (*_BUCKET_READS, *_BUCKET_SETTINGS, *_BUCKET_WRITES)
    ),
    Scope.OBJECTS: tuple(name.lower() for name in (*_OBJECT_READS, *_OBJECT_WRITES)),
}
_READS = frozenset(name.lower() for name in (*_BUCKET_READS, *_OBJECT_READS))
_KNOWN = frozenset(name for names in ACTIONS.values() for name in names)
_SPELLING: Mapping[str, str] = {
    name.lower(): name
    for names in (_BUCKET_READS, _BUCKET_SETTINGS, _BUCKET_WRITES, _OBJECT_READS, _OBJECT_WRITES)
    for name in names
}
# An action that is newer than this table reads if it is called so.
_READING_VERBS = ("s3:get", "s3:list", "s3:describe", "s3:head")


def access_of(action: str) -> Access | None:
    """Say what an action (lower case) does; None for reading a mere setting."""
    if action in _READS:
        return Access.READ
    return None if action.startswith(_READING_VERBS) else Access.WRITE


def spelled(action: str) -> str:
    """Spell an action (lower case) as AWS does."""
    return _SPELLING.get(action, action)


def named_by(patterns: Patterns, scope: Scope) -> tuple[str, ...]:
    """Return the actions on `scope` that `patterns` include.

    A name that the table does not know counts on either scope.
    """
    if patterns.negated:
        return tuple(action for action in ACTIONS[scope] if patterns.cover(action))
    known = (action for action in ACTIONS[scope] if patterns.cover(action))
    strange = sorted(name for name in patterns.literals - _KNOWN if name.startswith("s3:"))
    return (*known, *strange)
