# A worker: the model on the CPU, or with --build-arg DEVICE=cuda on an NVIDIA GPU. The target `service` is all in one process.
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

# Wheels at hand: --build-context wheels=<folder>, with --build-arg PIP_NO_INDEX=1 where no index can be reached.
FROM scratch AS wheels

FROM ${PYTHON_IMAGE} AS build
ARG DEVICE=cpu
# PyPI's torch brings the CUDA libraries along; the one without them comes from PyTorch's own index, or any that has it.
ARG TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
ARG PIP_INDEX_URL PIP_NO_INDEX
RUN apt-get update -o Acquire::Retries=3 && apt-get install -y --no-install-recommends -o Acquire::Retries=3 binutils \
    && python -m venv /opt/facet
ENV PATH=/opt/facet/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY constraints.txt docker/requirements.py pyproject.toml ./
COPY clients/python/pyproject.toml clients/python/
# torch by its whole version, as +cpu and PyPI's are equal to pip otherwise; FAISS in one of its two builds, never in both.
# What only builds and tests read is taken away: headers, tests, sources of extensions, symbols; of ONNX Runtime, what makes and
# changes files of models; of Celery, its shell.
RUN --mount=type=bind,from=wheels,target=/wheels \
    torch=$(sed -n 's/^torch==/torch===/p' constraints.txt) \
    && grep -v '^torch==' constraints.txt >others.txt \
    && case "$DEVICE" in \
        cpu) torch=$torch+cpu index="--extra-index-url $TORCH_INDEX_URL" faiss= ;; \
        cuda) index= faiss='--without faiss-cpu --extra gpu' ;; \
        *) echo "DEVICE is cpu or cuda, not $DEVICE" >&2; exit 1 ;; \
    esac \
    && python requirements.py pyproject.toml clients/python/pyproject.toml --without torch $faiss >wanted.txt \
    && pip install --no-compile -c others.txt --find-links /wheels $index "$torch" \
    && pip install --no-compile -c others.txt --find-links /wheels -r wanted.txt "$torch" 'setuptools>=77' \
    && pip uninstall -qy click-repl prompt-toolkit wcwidth \
    && cd /opt/facet/lib/python3*/site-packages && rm -rf onnxruntime/backend onnxruntime/datasets onnxruntime/quantization onnxruntime/tools onnxruntime/transformers \
    && rm -rf torch/include torch/share torch/test && find torch/bin -type f ! -name torch_shm_manager -delete \
    && find . -type d \( -name tests -o -name testing -path './sqlalchemy/*' \) -prune -exec rm -rf {} + \
    && find . -type f \( -name '*.a' -o -name '*.pyi' -o -name '*.pyx' -o -name '*.c' -o -name '*.h' \) -delete \
    && find . -name '*.so' -not -path '*.libs/*' -not -path './torch/*' -not -path './nvidia/*' -exec strip --strip-unneeded {} +
COPY README.md LICENSE ./
COPY clients/python clients/python
COPY facet facet
COPY service service
COPY worker worker
COPY gallery gallery
COPY model model
COPY training training
# Bytecode stays for what a start imports, as the containers cannot write any; installers go.
RUN pip install --no-compile --no-deps --no-build-isolation ./clients/python . \
    && cd /opt/facet/lib/python3*/site-packages && find . -name __pycache__ -prune -exec rm -rf {} + \
    && python -c 'import PIL.Image, facet.asgi, facet.cli.service.worker, facet.process.gallery, facet.process.inference, facet.process.tracing, torch, worker.queue.process' \
    && rm -rf pip pip-* setuptools setuptools-* pkg_resources _distutils_hack distutils-precedence.pth /opt/facet/bin/pip*

FROM ${PYTHON_IMAGE} AS base
RUN useradd --uid 10001 --user-group --no-create-home facet && install -d -o facet -g facet /var/lib/facet \
    && rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip
COPY --from=build /opt/facet /opt/facet
ENV PATH=/opt/facet/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 FACET_DATA_DIR=/var/lib/facet
USER facet
WORKDIR /var/lib/facet

# The whole service in one process; the gallery lies in the volume.
FROM base AS service
ENV FACET_HOST=0.0.0.0
EXPOSE 8000
VOLUME /var/lib/facet
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["facet", "serve"]

FROM base AS worker
HEALTHCHECK --interval=10s --timeout=8s --start-period=60s CMD ["facet", "worker", "--check"]
CMD ["facet", "worker", "--queues", "inference"]
