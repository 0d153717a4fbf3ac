# The daemon's image: built in one stage, run from another without compiler, pip or root.
# At run time only /var/lib/driftwatch is written, so the root filesystem may be read-only.

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY requirements requirements
COPY deploy/image/build.sh deploy/image/build.sh
COPY driftwatch driftwatch
RUN sh deploy/image/build.sh /src /opt/driftwatch /tmp/work

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="driftwatch" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 driftwatch \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/driftwatch driftwatch \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/driftwatch
COPY --from=build /opt/driftwatch /opt/driftwatch
ENV PATH=/opt/driftwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/driftwatch
VOLUME /var/lib/driftwatch
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["driftwatch", "status"]
ENTRYPOINT ["driftwatch"]
CMD ["run", "-c", "/etc/driftwatch/driftwatch.yaml"]
