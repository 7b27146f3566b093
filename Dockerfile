# Impasto Studio. Build: docker build -t impasto-studio --build-arg PIP_EXTRA_INDEX_URL=ADDRESS .
# Run at home: docker run -p 127.0.0.1:8321:8321 -v impasto:/data -e IMPASTO_STUDIO_TOKEN=... impasto-studio
# For many users: compose.yaml.

FROM node:20.20-bookworm-slim AS page
WORKDIR /build/studio-page
COPY studio-page/package.json studio-page/package-lock.json studio-page/.npmrc ./
RUN npm ci
COPY studio-page ./
RUN npm run build

FROM python:3.11-slim-bookworm
# Where pip, which reads this variable itself, finds the small CPU build of torch: the address of PyTorch's index
# of CPU builds. Without, pip takes the full build, for graphics processors: gigabytes of CUDA.
ARG PIP_EXTRA_INDEX_URL
WORKDIR /app
RUN useradd --system --create-home --uid 10001 studio && mkdir /data && chown studio /data
COPY pyproject.toml constraints.txt hatch_build.py README.md LICENSE ./
COPY src src
COPY --from=page /build/src/impasto/studio/page src/impasto/studio/page
RUN IMPASTO_BUILD_PAGE=0 pip install --disable-pip-version-check --no-cache-dir -c constraints.txt '.[studio-servers]'
# Listening beyond loopback asks for IMPASTO_STUDIO_TOKEN or IMPASTO_STUDIO_ACCOUNTS_FILE; without, it does not start.
ENV IMPASTO_STUDIO_HOST=0.0.0.0 \
    IMPASTO_STUDIO_DATA_DIR=/data \
    IMPASTO_STUDIO_LOG_FORMAT=json
USER 10001
VOLUME /data
EXPOSE 8321
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-m", "impasto.studio.web.health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["impasto"]
CMD ["studio", "--no-browser"]
