"""`python -m fuzz pictures -runs=1000000`: fuzz a target; all after its name is libFuzzer's.

A crash, an input that takes more than 10 s or 2 GB ends it, and is left in a file `crash-…`, `timeout-…` or `oom-…`:
move it to tests/security/found/<target>/ when it is mended, and a test holds it from then on.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import atheris

INSTRUMENTED = [
    *("PIL.ImageFile", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.TiffImagePlugin", "PIL.WebPImagePlugin"),
    *("gallery.jobs", "model.images", "model.images.opencv_decode", "tarfile", "zipfile"),
    *("service.body.multipart", "service.body.request_body", "service.body.msgpack_codec", "service.schemas"),
]

with atheris.instrument_imports(include=INSTRUMENTED):
    from fuzz.targets import TARGETS, seeds

LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1")


def main() -> None:
    """Fuzz the target that the command line names."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    name, options = sys.argv[1], sys.argv[2:]
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(name)):
            Path(folder, f"seed{number}").write_bytes(seed)
        atheris.Setup([sys.argv[0], *LIMITS, *options, folder], TARGETS[name])
        atheris.Fuzz()


main()
