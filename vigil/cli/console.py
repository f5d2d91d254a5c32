"""`vigil console`: the web page, served on this machine for whoever started it.

Whoever has the address it prints acts with the person's credentials for as long as it runs.
"""

from contextlib import nullcontext

import click

from vigil.cli._usage import PORT, until_interrupted

DEFAULT_PORT = 8377


@click.command(
    epilog="Examples:  vigil console    vigil console --api https://….amazonaws.com/api --no-open"
)
@click.option(
    "--port",
    type=PORT,
    default=DEFAULT_PORT,
    metavar="PORT",
    help=f"Port of the page [{DEFAULT_PORT}]; 0 takes a free one.",
)
@click.option("--api", metavar="URL", help="Where the REST API is [VIGIL_API_URL].")
@click.option("--no-open", "stays", is_flag=True, help="Print the address only.")
def console(*, port: int, api: str | None, stays: bool) -> None:
    """Serve the web page; its API calls are signed with your own AWS credentials."""
    # boto3 takes a second to import; --help should not.
    from vigil.client import ApiClient  # noqa: PLC0415 - see above
    from vigil.console.opening import in_browser  # noqa: PLC0415 - see above
    from vigil.console.server import ConsoleServer  # noqa: PLC0415 - see above

    client = ApiClient.from_env(api)
    # Whether it answers this caller at all is better said here than on every page.
    client.call("GET", "/me")
    try:
        with ConsoleServer(client, port) as server:
            click.echo(f"The console is at {server.url}")
            click.echo("Keep the address to yourself: it acts with your credentials.")
            with nullcontext() if stays else in_browser(server.url):
                click.echo("Ctrl-C ends it.")
                until_interrupted()
    except KeyboardInterrupt:
        click.echo("")
