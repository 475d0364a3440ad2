# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin pinwheel \
    && cp target/release/pinwheel /usr/local/bin/pinwheel

FROM debian:bookworm-slim
# Root certificates for providers and AWS; time zones are in the binary.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/pinwheel --create-home pinwheel
COPY --from=build /usr/local/bin/pinwheel /usr/local/bin/pinwheel

USER pinwheel
WORKDIR /var/lib/pinwheel
VOLUME /var/lib/pinwheel
ENV PINWHEEL_DATA__DIRECTORY=/var/lib/pinwheel/data \
    PINWHEEL_API__LISTEN=0.0.0.0:5000 \
    PINWHEEL_LOG__FORMAT=json \
    PINWHEEL_TELEMETRY__LISTEN=0.0.0.0:9464
EXPOSE 5000 9464

# Unhealthy when work under way does not move (telemetry.stalled_after), and before the process listens.
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s CMD ["pinwheel", "health"]
# The process drains on SIGTERM within campaign.drain_timeout: give `docker stop --time` a little more.
STOPSIGNAL SIGTERM
ENTRYPOINT ["pinwheel"]
# Until `pinwheel keys create` has made a key, the API refuses everybody.
CMD ["serve"]
