"""Inference in this process, as the settings describe it."""

import sys

from facet.settings import Settings
from model.engine.backend import Backend, load_backend
from model.faces.detector import Detector, load_detector
from model.images.decode import ImageLimits
from worker.local.inference import LocalInference

SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter while another asks for it: with Python's own 5 ms the networks' thread
waits for a busy event loop, and a sixth of the throughput of small requests is lost."""


def backend_of(settings: Settings) -> Backend:
    """The model. Raises InvalidCheckpoint for a bad file, InvalidRequest for a device that is not there."""
    return load_backend(
        settings.model, settings.device, settings.precision, settings.max_batch, settings.max_device_bytes
    )


def detector_of(settings: Settings) -> Detector:
    """The detector, on the model's device if it can.

    Raises InvalidCheckpoint for a bad file, InvalidRequest for settings that do not fit each other.
    """
    device = "cpu" if settings.model == "dummy" else settings.device  # the dummy runs where there is no torch
    return load_detector(
        settings.detector_model,
        settings.detector,
        device,
        settings.precision,
        settings.smallest_face,
        settings.any_angle,
    )


def limits_of(settings: Settings) -> ImageLimits:
    """What a picture may be."""
    return ImageLimits(
        max_bytes=settings.max_image_bytes,
        max_pixels=settings.max_image_pixels,
        max_seconds=settings.max_decode_seconds,
    )


def local_inference(settings: Settings) -> LocalInference:
    """The model and the detector of the settings; nothing is loaded before it starts."""
    sys.setswitchinterval(SWITCH_SECONDS)
    return LocalInference(
        lambda: backend_of(settings),
        lambda: detector_of(settings),
        limits=limits_of(settings),
        max_decoding_pixels=settings.max_decoding_pixels,
        max_batch=settings.max_batch,
        max_queue=settings.max_queue,
        max_wait=settings.max_wait,
        max_stuck=settings.max_stuck,
    )
