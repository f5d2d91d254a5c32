"""KMS signs a message, or the digest of one, and both come to the same."""

import hashlib

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.integration.local.conftest import ClientFactory

ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
MESSAGE = b"what is to be proven"
DIGEST = hashlib.sha256(MESSAGE).digest()


def test_a_digest_is_signed_as_it_is(client: ClientFactory) -> None:
    kms = client("kms")
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    asked = {"KeyId": key, "SigningAlgorithm": ALGORITHM}

    of_digest = kms.sign(**asked, Message=DIGEST, MessageType="DIGEST")
    of_message = kms.sign(**asked, Message=MESSAGE, MessageType="RAW")

    assert of_digest["Signature"] == of_message["Signature"]
    assert of_digest["KeyId"] == key
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(of_digest["Signature"], MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(ClientError, match="Digest is invalid length"):
        kms.sign(**asked, Message=b"short", MessageType="DIGEST")
    with pytest.raises(ClientError, match="NotFoundException"):
        kms.sign(**{**asked, "KeyId": "0" * 8}, Message=DIGEST, MessageType="DIGEST")
