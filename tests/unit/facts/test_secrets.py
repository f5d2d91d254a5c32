"""Secrets in the clear: what gives them away, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.facts.secrets import (
    Detector,
    UrlCredential,
    detector_of,
    entropy,
    url_credential,
    without_credentials,
)

KEY_ID = "AKIA" + "Q3EXAMPLER2D4W7T"
SECRET_KEY = "h4Kx0aQe9ZtRw1Yv7Lp3/Mb8+NcUgS2dFj6iVoXk"


@pytest.mark.parametrize(
    ("name", "value", "sign"),
    [
        pytest.param("AWS_ACCESS_KEY_ID", "short", Detector.CREDENTIAL_NAME, id="key id by name"),
        pytest.param("AWS_SECRET_ACCESS_KEY", "x", Detector.CREDENTIAL_NAME, id="key by name"),
        pytest.param("DEPLOY", KEY_ID, Detector.ACCESS_KEY_ID, id="a user's key id"),
        pytest.param(
            "X", f"a={KEY_ID.replace('AKIA', 'ASIA')};", Detector.ACCESS_KEY_ID, id="temp"
        ),
        pytest.param("X", SECRET_KEY, Detector.SECRET_KEY_SHAPE, id="a secret key by its shape"),
        pytest.param(
            "PEM", "-----BEGIN RSA PRIVATE KEY-----\nMII", Detector.PRIVATE_KEY, id="private key"
        ),
        pytest.param("X", "-----BEGIN PRIVATE KEY-----", Detector.PRIVATE_KEY, id="PKCS 8"),
        pytest.param("GH", "ghp_" + "a1" * 18, Detector.SERVICE_TOKEN, id="GitHub"),
        pytest.param("S", "xoxb-1234567890-abc", Detector.SERVICE_TOKEN, id="Slack"),
        pytest.param(
            "DATABASE_URL", "postgres://app:s3cr3t@db/app", Detector.URL_PASSWORD, id="URL"
        ),
        pytest.param("DB_PASSWORD", "correct-horse", Detector.SECRET_NAME, id="password"),
        pytest.param("db_password", "Sup3r/Secret:x", Detector.SECRET_NAME, id="odd password"),
        pytest.param("ApiKey", "9f86d081884c7d65", Detector.SECRET_NAME, id="hexadecimal"),
    ],
)
def test_a_secret_is_known_by_its_sign(name: str, value: str, sign: Detector) -> None:
    assert detector_of(name, value) is sign


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", id="AWS's example key id"),
        pytest.param(
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            id="AWS's example key",
        ),
        pytest.param("X", "key AKIAIOSFODNN7EXAMPLE in a text", id="the example in a text"),
        pytest.param("AWS_SECRET_ACCESS_KEY", "", id="empty"),
        pytest.param("AWS_SECRET_ACCESS_KEY", "  ", id="blank"),
        pytest.param("AWS_SECRET_ACCESS_KEY", "${SECRET}", id="reference"),
        pytest.param("DB_PASSWORD", "$DB_PASSWORD_FROM_STORE", id="shell reference"),
        pytest.param("TOKEN", "{{resolve:secretsmanager:app:SecretString:token}}", id="resolve"),
        pytest.param(
            "SECRET", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app", id="ARN"
        ),
        pytest.param("DB_PASSWORD", "/prod/app/db-password", id="name of a parameter"),
        pytest.param("SECRET", "app/prod/db", id="name of a secret"),
        pytest.param("TOKEN", "https://issuer.example.com/token", id="an address"),
        pytest.param("PASSWORD", "required", id="a word"),
        pytest.param("TOKEN", "1234567", id="too short to tell"),
        pytest.param("PASSWORD", "aaaaaaaaaaaa", id="a placeholder"),
        pytest.param("COMMIT", "da39a3ee5e6b4b0d3255bfef95601890afd80709", id="a commit"),
        pytest.param("STAGE", "production", id="a plain setting"),
        pytest.param("PASSWORD_LENGTH", "seventeen characters", id="about a password"),
        pytest.param("DATABASE_URL", "postgres://app:${PASSWORD}@db/app", id="URL with reference"),
        pytest.param("IMAGE", "AKIAX", id="a prefix alone"),
    ],
)
def test_what_is_no_secret_is_let_be(name: str, value: str) -> None:
    assert detector_of(name, value) is None


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://user:hunter2@bitbucket.org/team/app.git", UrlCredential.PASSWORD),
        ("https://x-token-auth:abc@bitbucket.org/team/app", UrlCredential.PASSWORD),
        ("user:hunter2@github.com/team/app", UrlCredential.PASSWORD),
        ("https://user:hun/ter2@github.com/team/app", UrlCredential.PASSWORD),
        ("https://ghp_" + "a1" * 18 + "@github.com/team/app", UrlCredential.TOKEN),
        ("https://git.example.com/app?private_token=abc", UrlCredential.TOKEN),
        ("https://user@bitbucket.org/team/app.git", None),
        ("https://user:${PASSWORD}@github.com/team/app", None),
        ("https://github.com/team/app.git", None),
        ("git@github.com:team/app.git", None),
        ("bucket/path/source.zip", None),
        ("github.com:team/app@v1", None),
        ("https://git.example.com:8443/app@v1", None),
        ("", None),
    ],
)
def test_an_address_gives_away_passwords_and_tokens(url: str, kind: UrlCredential | None) -> None:
    assert url_credential(url) is kind


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://user:hunter2@github.com/app.git", "https://github.com/app.git"),
        ("https://user@github.com/app.git", "https://github.com/app.git"),
        ("https://user:hun/ter2@github.com/app.git", "https://github.com/app.git"),
        ("https://user:hun?ter2@github.com/app.git", "https://github.com/app.git"),
        ("user:hunter2@github.com/app", "github.com/app"),
        ("https://github.com/app?access_token=hunter2#x", "https://github.com/app"),
        ("https://github.com/app@v1", "https://github.com/app@v1"),
        ("git@github.com:team/app.git", "git@github.com:team/app.git"),
        ("bucket/source.zip", "bucket/source.zip"),
    ],
)
def test_an_address_is_kept_without_them(url: str, kept: str) -> None:
    assert without_credentials(url) == kept


@given(
    user=st.text(st.characters(categories=["L", "N"]), max_size=8),
    secret=st.text(st.characters(exclude_characters="@"), min_size=1, max_size=20),
    path=st.text(st.characters(categories=["L", "N"]), max_size=8),
)
def test_no_password_survives(user: str, secret: str, path: str) -> None:
    marked = f"0{secret}0#0"

    kept = without_credentials(f"https://{user}:{marked}@host/{path}")

    assert kept == f"https://host/{path}"


@given(name=st.text(max_size=30), value=st.text(max_size=200))
def test_any_text_is_judged_without_complaint(name: str, value: str) -> None:
    assert detector_of(name, value) in {*Detector, None}
    assert url_credential(value) in {*UrlCredential, None}
    assert isinstance(without_credentials(value), str)


def test_a_huge_value_is_judged_by_its_beginning() -> None:
    assert detector_of("X", "a" * 1_000_000 + KEY_ID) is None
    assert detector_of("X", KEY_ID + " " + "a" * 1_000_000) is Detector.ACCESS_KEY_ID


def test_entropy_is_in_bits_a_character() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abab") == 1
    assert entropy("abcd" * 5) == 2
