# Builds with a compiler nowhere: all that is needed comes as wheels, each checked by its hash.
FROM python:3.13-slim AS build

WORKDIR /build
RUN python -m venv --without-pip /opt/unlatch
COPY requirements/serve.txt requirements/
RUN pip --python /opt/unlatch/bin/python install --no-cache-dir \
        --only-binary :all: --require-hashes -r requirements/serve.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
# What builds the package is in the requirements, hashed like the rest; nothing that runs needs it.
RUN pip --python /opt/unlatch/bin/python install --no-cache-dir \
        --no-index --no-deps --no-build-isolation . \
    && pip --python /opt/unlatch/bin/python uninstall --yes \
        hatchling packaging pathspec pluggy tomlkit trove-classifiers


FROM python:3.13-slim

# The image's own pip is of no use to a site, but would be to whoever gets in.
RUN pip uninstall --yes pip \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin unlatch \
    && install --directory --owner unlatch --mode 700 /srv/unlatch/instance
COPY --from=build /opt/unlatch /opt/unlatch
ENV PATH=/opt/unlatch/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

# By its number, which Kubernetes wants to see that it is not root.
USER 10001
WORKDIR /srv/unlatch
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]

ENTRYPOINT ["unlatch"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
