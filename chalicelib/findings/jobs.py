"""Exports that were asked for, in the work table; each request is an entry of the history as well.

A job is worked on by whoever holds its lease. A process that dies leaves a lease that runs out, so
the queue's next delivery finds the job free again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib.errors import ConflictError
from chalicelib.findings._items import Item, item_of_entry, key_of, stamp
from chalicelib.findings._refusals import CONDITION_FAILED, code_of
from chalicelib.model import (
    Act,
    Reason,
    ResourceRef,
    Subject,
    Times,
    Transition,
    TransitionKind,
)
from chalicelib.model.export import ExportJob, ExportStatus

JOB = "export"
EXPORT_TYPE = "Vigil::Export"
#: The file is kept as long (`vigil.package.data_stack`); that it was asked for stays for ever.
KEPT = timedelta(days=30)
#: Longer than a function runs, shorter than the time until the queue delivers again.
LEASE = timedelta(minutes=16)
#: By then the queue has given up: nobody works on it any more.
GIVEN_UP_AFTER = timedelta(hours=6)
GIVEN_UP = "it was given up: its messages are in the dead-letter queue"
LISTED = 50
_OPEN = (ExportStatus.QUEUED, ExportStatus.RUNNING)
_REFUSED = f"{CONDITION_FAILED}Exception"


@dataclass(frozen=True, slots=True)
class DynamoJobs:
    """Export jobs over a boto3 DynamoDB client."""

    client: Any
    work_table: str
    history_table: str

    def add(self, job: ExportJob, asked: Transition) -> None:
        """Write a new job and the history entry that says who asked, both or neither."""
        items = ((self.work_table, _item(job)), (self.history_table, item_of_entry(asked)))
        self.client.transact_write_items(
            TransactItems=[
                {
                    "Put": {
                        "TableName": table,
                        "Item": item,
                        "ConditionExpression": "attribute_not_exists(pk)",
                    }
                }
                for table, item in items
            ]
        )

    def job(self, job_id: str, now: datetime) -> ExportJob | None:
        """Return a job as it stands now; None where there is none, or its file is long gone."""
        answer = self.client.get_item(
            TableName=self.work_table, Key=key_of(JOB, job_id), ConsistentRead=True
        )
        return _seen(answer["Item"], now) if "Item" in answer else None

    def jobs(self, now: datetime, limit: int = LISTED) -> tuple[ExportJob, ...]:
        """Return the newest jobs, newest first."""
        answer = self.client.query(
            TableName=self.work_table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": JOB}},
            ScanIndexForward=False,
            Limit=limit,
        )
        return tuple(_seen(item, now) for item in answer["Items"])

    def claim(self, job: ExportJob, holder: str, now: datetime) -> ExportJob:
        """Take a job to work on it.

        Raises:
            ConflictError: Somebody else works on it, or it is over.
        """
        running = replace(job, status=ExportStatus.RUNNING, done=0)
        held = {"holder": {"S": holder}, "leased_until": {"S": stamp(now + LEASE)}}
        free = "#status = :queued OR (#status = :running AND leased_until < :now)"
        values = {
            ":queued": {"S": ExportStatus.QUEUED.value},
            ":running": {"S": ExportStatus.RUNNING.value},
            ":now": {"S": stamp(now)},
        }
        self._put({**_item(running), **held}, free, values, {"#status": "status"})
        return running

    def keep(self, job: ExportJob, holder: str, now: datetime) -> None:
        """Write how far a claimed job has come; with any other status than running, let it go.

        Raises:
            ConflictError: Somebody else has it by now.
        """
        item = _item(job)
        if job.status is ExportStatus.RUNNING:
            item |= {"holder": {"S": holder}, "leased_until": {"S": stamp(now + LEASE)}}
        self._put(item, "holder = :holder", {":holder": {"S": holder}}, {})

    def _put(
        self, item: Item, condition: str, values: dict[str, Any], names: dict[str, str]
    ) -> None:
        try:
            self.client.put_item(
                TableName=self.work_table,
                Item=item,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                **({"ExpressionAttributeNames": names} if names else {}),
            )
        except ClientError as error:
            if code_of(error) == _REFUSED:
                raise ConflictError(f"export {item['sk']['S']}: somebody else has it") from error
            raise


def asked(job: ExportJob, account_id: str, partition: str) -> Transition:
    """Return the history entry that says who asked for an export, and for which."""
    ref = ResourceRef(
        account_id=account_id, region="global", type=EXPORT_TYPE, id=job.id, partition=partition
    )
    wanted = msgspec.json.encode(job.query, order="sorted").decode()
    return Transition(
        kind=TransitionKind.EXPORTED,
        reason=Reason.PERSON,
        account_id=account_id,
        subject=Subject(ref=ref),
        rule_id="",
        seq=1,
        prev=None,
        times=Times(event=None, received=None, decided=job.requested_at),
        act=Act(by=job.requested_by, note=wanted),
    )


def _item(job: ExportJob) -> Item:
    expires = int((job.requested_at + KEPT).timestamp())
    return {
        **key_of(JOB, job.id),
        "document": {"S": msgspec.json.encode(job, order="sorted").decode()},
        "status": {"S": job.status.value},
        "expires": {"N": str(expires)},
    }


def _seen(item: Item, now: datetime) -> ExportJob:
    job = msgspec.json.decode(item["document"]["S"], type=ExportJob)
    if job.status in _OPEN and job.requested_at + GIVEN_UP_AFTER < now:
        return replace(job, status=ExportStatus.FAILED, error=GIVEN_UP)
    return job
