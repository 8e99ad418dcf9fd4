# The app in a container: `docker compose up --build`, then http://127.0.0.1:8501. It shows the
# made-up city to anybody; another only to people who sign in. docs/DEPLOY.md has the rest.

# Python 3.12.15 on Debian 13, for each platform, by digest: the same bytes each time. docs/DEPLOY.md,
# "Upgrading", tells how a newer one is taken, and SECURITY.md why.
ARG PYTHON=docker.io/library/python:3.12-slim@sha256:05cda9777409a9c3ffddd94a4c476b79f0769a0b4857f0c7ed9226b6800b0d6f

# ---- Build: installs, and makes what the first page would otherwise wait for ----------------
FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

# Every package is a wheel whose hash the lock holds: nothing is compiled. Neither environment
# holds pip.
WORKDIR /build
COPY requirements-app.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/csa \
    && pip --python /opt/csa/bin/python install --no-compile --no-deps --require-hashes --only-binary=:all: -r requirements-app.lock
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-deps --require-hashes --only-binary=:all: -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
COPY app ./app
COPY config ./config
COPY data/sample ./data/sample
COPY docs/METHODS.md ./docs/
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheels .
RUN pip --python /opt/csa/bin/python install --no-deps --no-index --find-links /wheels core-service-areas

# What no page and no command asks for, a third of it all: the packages' own tests, sources, what is
# for notebooks, clients of stores in other places, names for debuggers, and days and numbers of
# languages that nothing is written in.
RUN rm -rf /opt/csa/share/jupyter \
    && find /opt/csa/lib -type d '(' -name tests -o -path '*/pyarrow/include' -o -path '*/nbextension/static' -o -path '*/plotly/labextension' -o -path '*/plotly/package_data/datasets' -o -path '*/sklearn/datasets/data' -o -path '*/sklearn/datasets/images' -o -path '*/mpl-data/fonts/afm' -o -path '*/mpl-data/fonts/pdfcorefonts' ')' -prune -exec rm -rf {} + \
    && find /opt/csa/lib -type f -path '*/pyarrow/*' '(' -name '*flight*' -o -name '*s3*' -o -name '*gcsfs*' -o -name '*azurefs*' ')' -delete \
    && find /opt/csa/lib -type f -path '*/babel/locale-data/*' ! -name 'en*' ! -name 'es*' ! -name 'root.dat' -delete \
    && find /opt/csa/lib -type f '(' -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.px[di]' -o -name '*.pyx' -o -path '*/plotly/package_data/*.js' ')' -delete
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends binutils \
    && find /opt/csa/lib -type f -name '*.so*' -exec strip --strip-unneeded {} +

WORKDIR /srv/csa
ENV PATH=/opt/csa/bin:$PATH CSA_HOME=/srv/csa
RUN csa ingest --city sample --out /made/sample/dataset
RUN csa basemap --city sample --out /made/sample/basemap
# Compiled are the app and what it opens whole; of the largest packages what is used.
RUN csa propose --city sample --dataset /made/sample/dataset --out /tmp/proposal \
    && csa report --city sample --dataset /made/sample/dataset --month 2020-07 --audience executive --out /tmp/executive.html \
    && python -c "import plotly.graph_objects as go; go.Figure([go.Bar(), go.Scatter()]).to_json()" \
    && python -m compileall -q -x '/(altair|babel|fontTools|lxml|matplotlib|narwhals|numpy|pandas|pandera|plotly|pygments|scipy|sklearn|sqlalchemy)/' /opt/csa/lib

# ---- What runs -----------------------------------------------------------------------------
FROM ${PYTHON}
LABEL org.opencontainers.image.title="core-service-areas" \
      org.opencontainers.image.description="Core service areas: where a city's shootings concentrate, for prevention" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.12-slim"

# The number is fixed, so that a mounted folder can be given to it: chown 10001:10001.
RUN groupadd --gid 10001 csa \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin csa

# What weasyprint draws letters with, for reports as PDF.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/csa
COPY --from=build /opt/csa /opt/csa
COPY --from=build --chown=10001:10001 /made /srv/csa/var

# Where streamlit is not told its address, it asks a host on the internet for one at each start: nothing may leave the machine. It listens on
# every address, so nobody is taken for this machine's own: CSA_ACCESS is public or signed-in.
ENV PATH=/opt/csa/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost \
    CSA_HOME=/srv/csa \
    CSA_CITY=sample \
    CSA_ACCESS=public

# The only folder it writes: datasets, choices, and the geometry that browsers fetch.
VOLUME ["/srv/csa/var"]
EXPOSE 8501
USER 10001:10001

# Straight to itself, never through a proxy; below the base path where there is one.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; base = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); path = '/'.join(filter(None, [base, '_stcore/health'])); u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:8501/' + path, timeout=4)"]
CMD ["python", "-m", "csa_app", "--server.address=0.0.0.0", "--server.port=8501"]
