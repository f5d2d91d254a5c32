"""Clients built from descriptions that were read leanly are the clients botocore builds."""

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import UnknownServiceError

from chalicelib.lean_models import LeanFiles, read_leanly, without_prose

SERVICES = ("ec2", "s3", "s3control", "sqs")


def session(*, lean: bool) -> botocore.session.Session:
    made = botocore.session.get_session()
    if lean:
        read_leanly(made)
    return made


def described(core: botocore.session.Session, service: str) -> Any:
    return core.get_component("data_loader").load_service_model(service, "service-2")


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_but_prose_is_missing(service: str) -> None:
    lean = described(session(lean=True), service)

    assert lean == without_prose(described(session(lean=False), service))
    assert list(lean["operations"]) == list(described(session(lean=False), service)["operations"])


def test_prose_is_empty_and_what_is_only_called_so_stays() -> None:
    model = {
        "documentation": "long",
        "shapes": {
            "Part": {
                "members": {"documentation": {"shape": "Text", "documentation": "long"}},
                "required": ["documentation"],
            }
        },
    }

    assert without_prose(model) == {
        "documentation": "",
        "shapes": {
            "Part": {
                "members": {"documentation": {"shape": "Text", "documentation": ""}},
                "required": ["documentation"],
            }
        },
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_asks_the_same_of_the_same_place(service: str) -> None:
    lean, plain = (
        session(lean=lean).create_client(
            service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        for lean in (True, False)
    )

    assert lean.meta.endpoint_url == plain.meta.endpoint_url
    assert lean.meta.method_to_api_mapping == plain.meta.method_to_api_mapping


def test_what_there_is_not_is_told_as_botocore_tells_it() -> None:
    with pytest.raises(UnknownServiceError):
        described(session(lean=True), "no-such-service")
    assert LeanFiles().load_file("/no/such/file") is None
    assert not LeanFiles().exists("/no/such/file")
