"""KMS signs a digest as it is; moto hashes it again, and nobody could verify what comes of it."""

from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from moto.kms.models import kms_backends

from vigil.local._asked import Asked, Refused, Told

_DIGEST = "DIGEST"
_ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
_HASH = hashes.SHA256()


def sign(asked: Asked) -> Told:
    """Answer Sign; everything but a digest for RSASSA-PKCS1-v1.5 with SHA-256 is moto's."""
    reply = asked.moto()
    given = asked.given
    if (given.get("MessageType"), given["SigningAlgorithm"]) != (_DIGEST, _ALGORITHM):
        return reply.answer
    # moto says whether there is such a key, and whether it may sign.
    key = None if reply.error else _private_key(asked)
    if key is None:
        return reply.answer
    if len(given["Message"]) != _HASH.digest_size:
        return Refused(
            code="ValidationException",
            message=f"Digest is invalid length for algorithm {_HASH.name}.",
        )
    signature = key.sign(given["Message"], padding.PKCS1v15(), utils.Prehashed(_HASH))
    return {**reply.said, "Signature": signature}


def _private_key(asked: Asked) -> rsa.RSAPrivateKey | None:
    backend: Any = kms_backends[asked.account][asked.region]
    held = getattr(backend.describe_key(asked.given["KeyId"]).private_key, "private_key", None)
    return held if isinstance(held, rsa.RSAPrivateKey) else None
