"""`facet audit`: the labels of a folder judged by a model."""

from pathlib import Path
from typing import Annotated

import typer

from facet.cli.common.files import Align, AlignOption
from facet.cli.common.mistakes import told
from facet.progress import progress


def audit(
    folder: Annotated[Path, typer.Argument(exists=True, help="identity/*.jpg, or a CSV: path,identity,expression.")],
    to: Annotated[Path, typer.Option(help="Folder for audit.csv and audit.html.")] = Path("audit"),
    model: Annotated[str, typer.Option(help="A model file; the bundled one by default.")] = "",
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    align: AlignOption = Align.AUTO,
    detector: Annotated[Path | None, typer.Option(exists=True, help="A detector's file; else the bundled one.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Findings of each kind on the page; the table has all.")] = 100,
) -> None:
    """Rank likely wrong identities and expressions, near-duplicates and non-faces.

    Example: facet audit faces/ --to audit
    """
    from model.engine.backend import load_backend
    from model.faces.detector import load_detector
    from training.audit.audit import audit as judge
    from training.audit.findings import Kind, write_table
    from training.audit.material import align_all, read_labelled
    from training.audit.page import write_page
    from training.data.sources.readers import unique

    backend = load_backend(model, device)
    with told():
        items = list(unique(read_labelled(folder)))
    with progress() as bar:
        task = bar.add_task("Reading", total=len(items), note="")
        finder = load_detector(detector) if align is Align.AUTO else None
        material = align_all(items, finder, backend.image_size, lambda: bar.advance(task))
    with told():
        result = judge(backend, material)
    to.mkdir(parents=True, exist_ok=True)
    write_table(result.findings, to / "audit.csv")
    write_page(result, material, to / "audit.html", folder.name, backend.id, "audit.csv", most)
    typer.echo(f"{len(material.pictures)} pictures, {len(material.failures)} left out")
    for kind in Kind:
        typer.echo(f"{kind:10} {sum(finding.flagged for finding in result.of(kind))}")
    typer.echo(f"estimated share of wrong identities: {100 * result.share:.1f} %")
    typer.echo(f"see {to / 'audit.html'} and {to / 'audit.csv'}")
