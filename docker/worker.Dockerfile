# A worker: the model on the CPU, or with --build-arg DEVICE=cuda on an NVIDIA GPU.
FROM python:3.11.13-slim-bookworm AS build
ARG DEVICE=cpu
RUN python -m venv /opt/facet
ENV PATH=/opt/facet/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY constraints.txt ./
# PyPI's torch brings the CUDA libraries along; the one without them comes from PyTorch's own index.
RUN case "$DEVICE" in \
        cpu) pip install -c constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu \
                 "$(sed -n 's/^torch==.*/&+cpu/p' constraints.txt)" ;; \
        cuda) pip install -c constraints.txt torch ;; \
        *) echo "DEVICE is cpu or cuda, not $DEVICE" >&2; exit 1 ;; \
    esac
COPY pyproject.toml README.md LICENSE ./
COPY clients/python clients/python
COPY facet facet
COPY service service
COPY worker worker
COPY gallery gallery
COPY model model
COPY training training
RUN pip install -c constraints.txt ./clients/python '.[distributed,tracing]'
RUN facet detector fetch --to /opt/facet/share/yunet.onnx

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home facet && install -d -o facet -g facet /var/lib/facet
COPY --from=build /opt/facet /opt/facet
ENV PATH=/opt/facet/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    FACET_DATA_DIR=/var/lib/facet FACET_DETECTOR_MODEL=/opt/facet/share/yunet.onnx
USER facet
WORKDIR /var/lib/facet
HEALTHCHECK --interval=10s --timeout=8s --start-period=60s CMD ["facet", "worker", "--check"]
CMD ["facet", "worker", "--queues", "inference"]
