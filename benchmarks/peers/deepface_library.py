"""deepface's library call, in a Python that has it: reads seconds and a number of threads, writes calls a second.

    deepface/bin/python -P benchmarks/peers/deepface_library.py photograph.jpg

With `-P`, because this folder has modules named like those of the standard library.

Its default model VGG-Face keeps the numbers that it was made with, because its weights would be downloaded: the time
does not depend on them, and nothing here looks at what it answers but that there is one face.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import cv2
from deepface import DeepFace
from deepface.commons import weight_utils

weight_utils.download_weights_if_necessary = lambda *_, **__: ""
weight_utils.load_model_weights = lambda model, weight_file: model  # noqa: ARG005 - called by these names


def main(picture: str) -> None:
    """Answer each line of the input until it ends."""
    pixels = cv2.imread(picture)

    def calls(until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            [face] = DeepFace.represent(pixels)
            assert len(face["embedding"]) == 4096
            done += 1
        return done

    calls(time.perf_counter() + 1.0)
    print("ready", flush=True)
    for line in sys.stdin:
        seconds, threads = line.split()
        begun = time.perf_counter()
        with ThreadPoolExecutor(int(threads)) as pool:
            done = sum(pool.map(calls, [begun + float(seconds)] * int(threads)))
        print(done / (time.perf_counter() - begun), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
