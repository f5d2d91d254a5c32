"""`vigil rules deploy`: new rules for running functions, without a deployment of code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chalicelib.aws import Clients
from chalicelib.errors import RuleDocumentError
from chalicelib.model import ResourceType
from vigil.cli._rules_options import rules_options
from vigil.deploying import DATA_STACK, Place, deploy, place_of
from vigil.examples import problems_of
from vigil.library.loading import Library, library
from vigil.rulefiles import RULES, resource_types

if TYPE_CHECKING:
    from vigil.package.catalogue import Catalogue

SHOWN_CHARS = 12
LISTED_CHARS = 600


@click.command(
    "deploy",
    epilog="Examples:  vigil rules deploy    vigil rules deploy --settings prod.yaml",
)
@rules_options
@click.option("--stack", default=DATA_STACK, show_default=True, help="Name of the data stack.")
@click.option("--bucket", help="Bucket for rules, where there is no stack to ask.")
@click.option("--work-table", help="Work table, where there is no stack to ask.")
def deploy_rules(
    own_rules: tuple[Path, ...],
    settings: Path | None,
    stack: str,
    bucket: str | None,
    work_table: str | None,
) -> None:
    """Put the rules into versioned S3; running functions take them within a minute."""
    types = resource_types()
    found = library(types, own_rules, settings)
    _refuse_failing(found, types)
    client = Clients().client
    place = _place(client, stack, bucket, work_table)
    pointer = deploy(
        found.ruleset, types, place, {name: client(name) for name in ("s3", "dynamodb")}
    )
    count = len(found.ruleset.rules)
    click.echo(f"{count} rules, bundle {pointer.sha256[:SHOWN_CHARS]}, version {pointer.version}")
    click.echo("in force within a minute, for every change and look from then on", err=True)
    # Templates take a moment to import; --help should not.
    from vigil.package.catalogue import Catalogue  # noqa: PLC0415 - see above

    for line in beyond(Catalogue.read(), Catalogue.of(found.ruleset, types)):
        click.echo(f"vigil: {line}", err=True)


def _place(
    client: Callable[[str], Any], stack: str, bucket: str | None, work_table: str | None
) -> Place:
    if bucket and work_table:
        return Place(bucket=bucket, table=work_table)
    if bucket or work_table:
        raise click.UsageError("--bucket and --work-table go together")
    return place_of(client("cloudformation"), stack)


def beyond(packaged: "Catalogue", wanted: "Catalogue") -> Iterator[str]:
    """Say what rules need that a stack made from others does not have."""
    from chalicelib.ingest.routing import patterns as delivered  # noqa: PLC0415 - see above
    from vigil.package.permissions import looks_of  # noqa: PLC0415 - see above
    from vigil.package.plan import FUNCTIONS  # noqa: PLC0415 - see above

    types = wanted.types
    actions = {a for p in FUNCTIONS for a in looks_of(p, wanted) - looks_of(p, packaged)}
    known = set(delivered(types, packaged.rulebook.matches))
    events = set(delivered(types, wanted.rulebook.matches)) - known
    if actions or events:
        names = [*sorted(actions), *(f"{source}:{name}" for source, name in sorted(events))]
        yield f"the stack needs more than the built-in rules do: {', '.join(names)[:LISTED_CHARS]}"
        yield "build it with `vigil package --rules DIR` and update it, or these stay unread"


def _refuse_failing(found: Library, types: tuple[ResourceType, ...]) -> None:
    """Refuse a rule of the person's own whose examples fail; built-in ones are tested with us."""
    for file in found.files:
        if file.path.is_relative_to(RULES):
            continue
        for problem in problems_of(file, types):
            raise RuleDocumentError(f"its examples fail: {problem}", source=file.source)
