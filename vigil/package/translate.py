"""SAM → CloudFormation at build time, so that no macro runs in the person's account.

What is deployed is what stands in the file: change sets, linters and StackSets see the real thing.
"""

import copy
import logging
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.utils.py27hash_fix import (
    to_py27_compatible_template,
    undo_mark_unicode_str_in_template,
)

from vigil.package.cloudformation import Json

#: Only decides which partition SAM would write into managed policies; we have none.
_ANY_REGION = "us-east-1"


def to_cloudformation(sam: Json) -> Json:
    """Translate a SAM template; the one given stays as it is."""
    # SAM warns, as it ends, of usage metrics that it was given nowhere to send.
    logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)
    template = copy.deepcopy(sam)
    parameters: dict[str, Any] = {}
    to_py27_compatible_template(template, parameters)
    session = boto3.session.Session(region_name=_ANY_REGION)
    translated = Translator(None, Parser(), boto_session=session).translate(
        template, parameter_values=parameters
    )
    result: Json = undo_mark_unicode_str_in_template(translated)
    return {**result, "Resources": _in_order(result["Resources"], list(sam["Resources"]))}


def _in_order(resources: Json, names: list[str]) -> Json:
    """Return resources as they were given, then what SAM made: with an API, SAM shuffles them."""
    made = (name for name in resources if name not in names)
    return {name: resources[name] for name in (*names, *made) if name in resources}
