"""How well faces are drawn back, beside the best linear code of the same length."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from model.attributes import EMBEDDING_SIZE
from model.engine.backend import Backend, Pixels
from model.images.ssim import ssim
from training.data.regions import ELLIPSE
from training.evaluation.faces import Faces, reduced, render_all
from training.evaluation.plots import curves
from training.evaluation.report import Report

FACE_SIZE = 64
"""Pixels at which the error inside the face is measured, so that models of any drawing size compare."""


@dataclass(frozen=True)
class Fidelity:
    """Means over pictures."""

    ssim: float
    error: float
    """Absolute, of 255."""
    psnr: float
    """Peak signal to noise in dB."""
    face_error: float
    """The absolute error inside the face, both pictures at 64 pixels."""
    detail: float
    """Root mean square, inside the face, of what half as many pixels cannot hold, over that of the originals."""


def fidelity(drawn: Pixels, originals: Pixels) -> Fidelity:
    """Compare pictures `(n, h, w, 3)` one by one."""
    difference = drawn.astype(np.float32) - originals
    squares = np.maximum((difference**2).mean(axis=(1, 2, 3)), 1e-6)
    size = originals.shape[1]
    small = min(size, FACE_SIZE)
    apart = reduced(drawn, small).astype(np.float32) - reduced(originals, small)
    return Fidelity(
        ssim=float(similarities(drawn, originals).mean()),
        error=float(np.abs(difference).mean()),
        psnr=float(np.mean(10 * np.log10(255.0**2 / squares))),
        face_error=float(np.abs(apart[:, face_ellipse(small)]).mean()),
        detail=_detail(drawn) / max(_detail(originals), 1e-6),
    )


def face_ellipse(size: int) -> NDArray[np.bool_]:
    """Where the face is in a crop, `(size, size)`."""
    x, y, wide, high = ELLIPSE
    place = (np.arange(size) + 0.5) / size
    inside: NDArray[np.bool_] = ((place - x) / wide) ** 2 + ((place[:, None] - y) / high) ** 2 <= 1.0
    return inside


def _detail(pictures: Pixels) -> float:
    size = pictures.shape[1]
    face, squares = face_ellipse(size), []
    for picture, small in zip(pictures, reduced(pictures, size // 2), strict=True):
        again = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
        squares.append(np.square(picture[face].astype(np.float32) - again[face]).mean())
    return float(np.sqrt(np.mean(squares)))


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
    table = [["", "SSIM", "error of 255", "PSNR", "error inside the face", "detail"]]
    table += [
        [
            name,
            f"{one.ssim:.4f}",
            f"{one.error:.2f}",
            f"{one.psnr:.2f} dB",
            f"{one.face_error:.2f}",
            f"{one.detail:.2f}",
        ]
        for name, one in measured.items()
    ]
    shares = np.arange(1, len(originals) + 1) / len(originals)
    lines = {name: (np.sort(similarities(pictures, originals)), shares) for name, pictures in drawn.items()}
    figures = {"faces": len(originals)} | {name: asdict(one) for name, one in measured.items()}
    return Report("reconstruction", model, figures, [table], curves(lines, "SSIM", "share of pictures below"))
