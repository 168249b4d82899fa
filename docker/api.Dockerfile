# The API of a distributed deployment: no torch, no OpenCV, no weights.
FROM python:3.11.13-slim-bookworm AS build
RUN python -m venv /opt/facet
ENV PATH=/opt/facet/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY constraints.txt docker/api-requirements.txt ./
RUN pip install -c constraints.txt -r api-requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY clients/python clients/python
COPY facet facet
COPY service service
COPY worker worker
COPY gallery gallery
COPY model model
COPY training training
RUN pip install --no-deps ./clients/python .

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home facet && install -d -o facet -g facet /var/lib/facet
COPY --from=build /opt/facet /opt/facet
ENV PATH=/opt/facet/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    FACET_HOST=0.0.0.0 FACET_DATA_DIR=/var/lib/facet FACET_INFERENCE=celery
USER facet
WORKDIR /var/lib/facet
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["facet", "serve"]
