# The server, as nobody in particular: `docker build -t extproc .`
FROM python:3.11-slim AS built
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
WORKDIR /src
COPY pyproject.toml setup.py constraints.txt README.md LICENSE ./
COPY extproc extproc
COPY providers providers
RUN python -m venv /opt/extproc \
    && /opt/extproc/bin/pip install --no-cache-dir -c constraints.txt '.[all]'

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home extproc \
    && install -d -o extproc -g extproc /run/extproc /bootstrap
COPY --from=built /opt/extproc /opt/extproc
ENV PATH=/opt/extproc/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["extproc"]
