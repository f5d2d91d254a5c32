"""EC2 and S3 played from memory: every answer is at hand, so that only what reads it costs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from benchmarks.samples import prefix_list_entries

Answer = dict[str, Any]
_FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(frozen=True, slots=True)
class PlayedAws:
    """Implements `ports.Aws` with one client for everything."""

    one_client: Any

    def client(self, _service: str, **_: str) -> Any:
        """Return the client."""
        return self.one_client


@dataclass(frozen=True, slots=True)
class Pages:
    """A paginator with one page."""

    page: Callable[[Mapping[str, Any]], Answer]

    def paginate(self, **asked: Any) -> list[Answer]:
        """Return the page."""
        return [self.page(asked)]


class PlayedEc2:
    """Answers about security groups, their prefix lists and the interfaces that use them."""

    def __init__(self, groups: Iterable[Answer]) -> None:
        self._groups = {group["GroupId"]: group for group in groups}
        self._lists = prefix_list_entries()
        self._pages = {
            "describe_network_interfaces": Pages(self._interfaces),
            "get_managed_prefix_list_entries": Pages(self._entries),
        }

    def describe_security_groups(self, **asked: Any) -> Answer:
        """Answer with one group, or with all of them."""
        wanted = asked.get("GroupIds", self._groups)
        return {"SecurityGroups": [self._groups[name] for name in wanted]}

    def get_paginator(self, operation: str) -> Pages:
        """Return the paginator of an operation."""
        return self._pages[operation]

    def _interfaces(self, asked: Mapping[str, Any]) -> Answer:
        groups = [{"GroupId": name} for name in asked["Filters"][0]["Values"]]
        return {"NetworkInterfaces": [{"Groups": groups}]}

    def _entries(self, asked: Mapping[str, Any]) -> Answer:
        return {"Entries": self._lists[asked["PrefixListId"]]}


class PlayedS3:
    """Answers about buckets, with S3's errors for what a bucket does not have."""

    def __init__(self, buckets: Iterable[Answer]) -> None:
        self._buckets = {bucket["Name"]: bucket for bucket in buckets}

    def get_bucket_acl(self, **asked: Any) -> Answer:
        """Answer with owner and grants."""
        acl: Answer = self._buckets[asked["Bucket"]]["Acl"]
        return acl

    def get_bucket_policy(self, **asked: Any) -> Answer:
        """Answer with the policy's text."""
        policy = self._buckets[asked["Bucket"]]["Policy"]
        if policy is None:
            raise ClientError({"Error": {"Code": "NoSuchBucketPolicy"}}, "GetBucketPolicy")
        return {"Policy": policy}

    def get_public_access_block(self, **asked: Any) -> Answer:
        """Answer for a bucket, or all off for the account."""
        if "Bucket" not in asked:
            return {"PublicAccessBlockConfiguration": dict.fromkeys(_FLAGS, False)}
        block = self._buckets[asked["Bucket"]]["c7n:PublicAccessBlock"]
        return {"PublicAccessBlockConfiguration": block}

    def get_bucket_ownership_controls(self, **asked: Any) -> Answer:
        """Answer with the one rule there is."""
        ownership = self._buckets[asked["Bucket"]]["Ownership"]
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}}

    def get_bucket_tagging(self, **asked: Any) -> Answer:
        """Answer with the tags."""
        return {"TagSet": self._buckets[asked["Bucket"]]["Tags"]}
