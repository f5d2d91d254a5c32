"""The buckets and the key of the evidence, on the embedded AWS; configured as the data stack does.

They lie in the account that Vigil watches and are judged like everything else in it.
"""

import json
from typing import Any

from vigil.local._principals import HOME_REGION, client_for
from vigil.package.data_stack import data_template

EVIDENCE_BUCKET = "vigil-evidence"
EXPORTS_BUCKET = "vigil-exports"
_LOCK_DAYS = 1


def evidence_environment(url: str) -> dict[str, str]:
    """Create the buckets and the key; return the settings that name them."""
    create_buckets(url)
    return {
        "VIGIL_EVIDENCE_BUCKET": EVIDENCE_BUCKET,
        "VIGIL_EXPORTS_BUCKET": EXPORTS_BUCKET,
        "VIGIL_SEAL_KEY_ID": _create_key(client_for(url, "kms")),
    }


def create_buckets(url: str) -> None:
    """Create the buckets."""
    s3 = client_for(url, "s3")
    _create_bucket(s3, EVIDENCE_BUCKET, locked=True)
    _create_bucket(s3, EXPORTS_BUCKET, locked=False)


def _create_bucket(s3: Any, name: str, *, locked: bool) -> None:
    place = {"CreateBucketConfiguration": {"LocationConstraint": HOME_REGION}}
    s3.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=locked,
        **({} if HOME_REGION == "us-east-1" else place),
    )
    properties = data_template()["Resources"]["EvidenceBucket"]["Properties"]
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"],
    )
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=properties["OwnershipControls"])
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(_tls_only(name)))
    if locked:
        retention = {"Mode": "COMPLIANCE", "Days": _LOCK_DAYS}
        s3.put_object_lock_configuration(
            Bucket=name,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": retention},
            },
        )


def _tls_only(bucket: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        # AWS reads actions in either case; moto does not, and would refuse every object: it takes
        # no notice of conditions.
        "Action": "S3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [refusal]}


def _create_key(kms: Any) -> str:
    key = data_template()["Resources"]["SealKey"]["Properties"]
    made = kms.create_key(
        Description=key["Description"], KeySpec=key["KeySpec"], KeyUsage=key["KeyUsage"]
    )
    return str(made["KeyMetadata"]["Arn"])
