"""`facet demo`: a gallery of generated people."""

from typing import Annotated

import typer


def demo(
    url: Annotated[str | None, typer.Option(help="A running service; by default the gallery of this machine.")] = None,
) -> None:
    """Fill the collection `demo` with generated people.

    What is there already stays.

    Example: facet demo && facet serve
    """
    from facet.cli.service import connected

    with connected(url) as client:
        seeded = client.seed_demo()
    typer.echo(
        f"{seeded['faces']} faces of {seeded['subjects']} generated people in the collection {seeded['collection']}"
    )
