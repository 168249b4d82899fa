# The API of a distributed deployment, and its search workers: no torch, no OpenCV, no ONNX Runtime, no weights.
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

# Wheels at hand: --build-context wheels=<folder>, with --build-arg PIP_NO_INDEX=1 where no index can be reached.
FROM scratch AS wheels

FROM ${PYTHON_IMAGE} AS build
ARG PIP_INDEX_URL PIP_NO_INDEX
# 1 adds the client of Milvus, for FACET_SEARCH=milvus.
ARG MILVUS
RUN apt-get update -o Acquire::Retries=3 && apt-get install -y --no-install-recommends -o Acquire::Retries=3 binutils \
    && python -m venv /opt/facet
ENV PATH=/opt/facet/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY constraints.txt docker/requirements.py pyproject.toml ./
COPY clients/python/pyproject.toml clients/python/
# With what only builds and tests read taken away: tests, sources of extensions, symbols. Of Pillow and SQLAlchemy, what
# pictures and databases of others need goes too.
RUN --mount=type=bind,from=wheels,target=/wheels \
    python requirements.py pyproject.toml clients/python/pyproject.toml --without torch --without opencv-python-headless --without onnxruntime ${MILVUS:+--extra milvus} >wanted.txt \
    && pip install --no-compile -c constraints.txt --find-links /wheels -r wanted.txt 'setuptools>=77' \
    && pip uninstall -qy click-repl prompt-toolkit wcwidth \
    && cd /opt/facet/lib/python3*/site-packages && find . -type d \( -name tests -o -name testing -path './sqlalchemy/*' \) -prune -exec rm -rf {} + \
    && rm -rf numpy/f2py numpy/distutils numpy/_core/_simd.* numpy/_core/*_tests.* sqlalchemy/dialects/mssql sqlalchemy/dialects/mysql sqlalchemy/dialects/oracle \
        PIL/_avif* PIL/_imagingft* pillow.libs/libavif* pillow.libs/libfreetype* pillow.libs/libharfbuzz* \
    && find . -type f \( -name '*.a' -o -name '*.pyi' -o -name '*.pyx' -o -name '*.c' -o -name '*.h' \) -delete \
    && find . -name '*.so' -not -path '*.libs/*' -exec strip --strip-unneeded {} +
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
    && python -c 'import PIL.Image, facet.asgi, facet.cli.service.worker, facet.process.gallery, facet.process.tracing, gallery.jobs.grouping, worker.queue.process, worker.search.worker, sqlalchemy.dialects.postgresql' \
    && rm -rf pip pip-* setuptools setuptools-* pkg_resources _distutils_hack distutils-precedence.pth /opt/facet/bin/pip*

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --user-group --no-create-home facet && install -d -o facet -g facet /var/lib/facet \
    && rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip
COPY --from=build /opt/facet /opt/facet
ENV PATH=/opt/facet/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    FACET_HOST=0.0.0.0 FACET_DATA_DIR=/var/lib/facet FACET_INFERENCE=celery
USER facet
WORKDIR /var/lib/facet
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["facet", "serve"]
