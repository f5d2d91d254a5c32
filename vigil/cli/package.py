"""`vigil package`: builds the deployable. Needs no AWS account, no Region and no credentials."""

from hashlib import sha256
from pathlib import Path

import click

from vigil.cli._rules_options import rules_options

#: Enough to tell builds apart; functions keep their old code if the key stays the same.
KEY_CHARS = 12


@click.command(epilog="Examples:  vigil package    vigil package --output /tmp/vigil")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("build"),
    show_default=True,
    help="Folder for vigil.zip and the templates.",
)
@rules_options
def package(output: Path, own_rules: tuple[Path, ...], settings: Path | None) -> None:
    """Build the Lambda zip and the CloudFormation templates; print their paths."""
    # Chalice and SAM take a second to import; --help should not.
    from vigil.package import build  # noqa: PLC0415 - see above
    from vigil.package.catalogue import Catalogue  # noqa: PLC0415 - see above

    files = build.package(output, Catalogue.read(own_rules, settings))
    for file in files:
        click.echo(str(file))
    digest = sha256((output / build.ZIP).read_bytes()).hexdigest()[:KEY_CHARS]
    click.echo(f"upload {build.ZIP} as CodeKey=vigil-{digest}.zip", err=True)
