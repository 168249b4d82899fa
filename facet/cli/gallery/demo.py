"""`facet demo`: a gallery of generated people."""

import typer

from facet.cli.common.files import Url


def demo(url: Url = None) -> None:
    """Fill the collection `demo` with generated people.

    What is there already stays.

    Example: facet demo && facet serve
    """
    from facet.cli.common.service import connected

    with connected(url) as client:
        seeded = client.seed_demo()
    typer.echo(
        f"{seeded['faces']} faces of {seeded['subjects']} generated people in the collection {seeded['collection']}"
    )
