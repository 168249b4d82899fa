"""How well faces are drawn back, beside the best linear code of the same length."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from model.attributes import EMBEDDING_SIZE
from model.backend import Backend, Pixels
from model.ssim import ssim
from training.evaluation.faces import Faces, render_all
from training.evaluation.plots import curves
from training.evaluation.report import Report


@dataclass(frozen=True)
class Fidelity:
    """Means over pictures: SSIM, absolute error of 255, and peak signal to noise in dB."""

    ssim: float
    error: float
    psnr: float


def fidelity(drawn: Pixels, originals: Pixels) -> Fidelity:
    """Compare pictures `(n, h, w, 3)` one by one."""
    difference = drawn.astype(np.float32) - originals
    squares = np.maximum((difference**2).mean(axis=(1, 2, 3)), 1e-6)
    return Fidelity(
        ssim=float(similarities(drawn, originals).mean()),
        error=float(np.abs(difference).mean()),
        psnr=float(np.mean(10 * np.log10(255.0**2 / squares))),
    )


def similarities(drawn: Pixels, originals: Pixels) -> NDArray[np.floating]:
    """The SSIM of each pair of pictures `(n, h, w, 3)`, `(n,)`."""
    return np.array([ssim(a, b) for a, b in zip(drawn, originals, strict=True)])


def reconstruct(backend: Backend, faces: Faces) -> Pixels:
    """The faces drawn through all four networks."""
    return render_all(backend, faces.embeddings)


def pca_reconstruct(training: Pixels, faces: Pixels, size: int = EMBEDDING_SIZE) -> Pixels:
    """The faces `(n, h, w, 3)` through the best linear code of `size` numbers, fitted on training crops.

    The principal axes come from a randomised decomposition (Halko et al. 2011) with a fixed seed.
    """
    data = torch.from_numpy(training.reshape(len(training), -1)).float()
    mean = data.mean(dim=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _, _, axes = torch.svd_lowrank(data.sub_(mean), q=min(size + 20, *data.shape), niter=4)
    axes = axes[:, :size]
    centred = torch.from_numpy(faces.reshape(len(faces), -1)).float() - mean
    back = (centred @ axes) @ axes.T + mean
    return np.asarray(back.round().clamp(0, 255).byte().numpy().reshape(faces.shape), np.uint8)


def report(model: str, originals: Pixels, drawn: Mapping[str, Pixels]) -> Report:
    """Each way of drawing the same faces back, by its name: the means, and how many pictures fall below each SSIM."""
    measured = {name: fidelity(pictures, originals) for name, pictures in drawn.items()}
    table = [["", "SSIM", "error of 255", "PSNR"]]
    table += [[name, f"{one.ssim:.4f}", f"{one.error:.2f}", f"{one.psnr:.2f} dB"] for name, one in measured.items()]
    shares = np.arange(1, len(originals) + 1) / len(originals)
    lines = {name: (np.sort(similarities(pictures, originals)), shares) for name, pictures in drawn.items()}
    figures = {"faces": len(originals)} | {name: asdict(one) for name, one in measured.items()}
    return Report("reconstruction", model, figures, [table], curves(lines, "SSIM", "share of pictures below"))
