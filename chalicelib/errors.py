"""The exception tree: what a queue should do with a failure is its type.

VigilError
├── RetryableError          the queue redelivers; a later attempt can succeed
│   ├── ConflictError       somebody else moved the resource since it was read: look again
│   └── DeliveryError       a channel did not take the message (429, 5xx, time-out)
└── PermanentError          redelivery cannot help; the record goes to the dead-letter queue
    ├── DuplicateRecordError  this very record was processed before: done
    ├── NotOfferedError     the Region does not have what was asked for: nothing is there
    ├── NotAllowedError     this person may not do that (or nobody knows who it is)
    ├── NotFoundError       there is no such finding, exemption, person or job
    ├── InvalidRequestError what was asked for makes no sense, or not in the present state
    ├── DamagedEvidenceError  what was kept is not what its hash says
    ├── InvalidRecordError  not a CloudTrail record, or a spoofed one
    ├── RuleDocumentError   a rule document breaks the grammar
    └── SettingsError       the environment lacks or garbles a setting

Everything else crashes on purpose: a defect belongs in the dead-letter queue, which has an alarm.
"""


class VigilError(Exception):
    """Root of everything Vigil raises on purpose."""


class RetryableError(VigilError):
    """A later attempt can succeed."""


class ConflictError(RetryableError):
    """The stored state moved since it was read."""


class DeliveryError(RetryableError):
    """A channel refused a message for now.

    Attributes:
        retry_after_seconds: What the channel asked for, or None.
        may_stand: True where the message may have arrived although nobody acknowledged it.
        is_denied: True where the channel did not accept the credentials.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        may_stand: bool = False,
        is_denied: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.may_stand = may_stand
        self.is_denied = is_denied


class PermanentError(VigilError):
    """Redelivery cannot help."""


class DuplicateRecordError(PermanentError):
    """The record was processed before."""


class NotOfferedError(PermanentError):
    """A Region, or the account in it, does not have a service."""


class NotAllowedError(PermanentError):
    """Whoever asks may not do that."""


class NotFoundError(PermanentError):
    """What a request names does not exist."""


class InvalidRequestError(PermanentError):
    """A request makes no sense, in itself or in the present state of what it is about."""


class DamagedEvidenceError(PermanentError):
    """Kept evidence is not what was written: its hash says so."""


class InvalidRecordError(PermanentError):
    """The bytes are no CloudTrail record, or their envelope contradicts it.

    Attributes:
        spoofed: True where the record is well-formed but its envelope contradicts it.
    """

    def __init__(self, message: str, *, spoofed: bool = False) -> None:
        super().__init__(message)
        self.spoofed = spoofed


class RuleDocumentError(PermanentError):
    """A rule document is wrong.

    Attributes:
        source: File or other origin of the document.
        line: One-based line in it, or None where it is not known.
    """

    def __init__(self, message: str, *, source: str = "", line: int | None = None) -> None:
        place = f"{source}:{line}" if line is not None else source
        super().__init__(f"{place}: {message}" if place else message)
        self.source = source
        self.line = line


class SettingsError(PermanentError):
    """A setting is missing or malformed."""
