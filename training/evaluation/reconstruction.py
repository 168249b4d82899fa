"""How well faces are drawn back, beside the best linear code of the same length."""

from dataclasses import dataclass

import numpy as np
import torch

from model.attributes import EMBEDDING_SIZE
from model.backend import Backend, Pixels
from model.ssim import ssim
from training.evaluation.faces import Faces, render_all


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
        ssim=float(np.mean([ssim(a, b) for a, b in zip(drawn, originals, strict=True)])),
        error=float(np.abs(difference).mean()),
        psnr=float(np.mean(10 * np.log10(255.0**2 / squares))),
    )


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
