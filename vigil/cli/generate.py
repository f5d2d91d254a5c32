"""`vigil generate`: writes what is generated from the code and committed, or checks it."""

import click

from vigil.cli import EXIT_DONE, EXIT_TO_ACT_ON


@click.command(epilog="Examples:  vigil generate    vigil generate --check")
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if something is outdated.")
@click.pass_context
def generate(ctx: click.Context, *, check: bool) -> None:
    """Write policies, event patterns and reference docs from the code; print what changed."""
    # boto3 and the rules take a second to load; --help should not.
    from vigil.package.catalogue import Catalogue  # noqa: PLC0415 - see above
    from vigil.package.generated import stale_files, write_files  # noqa: PLC0415 - see above

    catalogue = Catalogue.read()
    files = stale_files(catalogue) if check else write_files(catalogue)
    for file in files:
        click.echo(str(file))
    ctx.exit(EXIT_TO_ACT_ON if check and files else EXIT_DONE)
