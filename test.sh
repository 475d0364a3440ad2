#!/usr/bin/env bash
# Runs every test, from a fresh clone: needs the Rust toolchain, installs what else is missing. Arguments go to the runner.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"

requirements=tests/support/requirements.txt
node_package=tests/support/node/package.json

missing_packages() {
    command -v cc >/dev/null || echo build-essential
    if [[ -f $requirements ]]; then
        command -v python3 >/dev/null || echo python3
        python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    fi
    # A real browser looks at the pages of load tests, with a font to write them in.
    command -v chromium >/dev/null || echo chromium
    [[ -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ]] || echo fonts-dejavu-core
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
    # What AWS's client for Node.js is built with.
    [[ -f /usr/include/node/node_api.h ]] || echo libnode-dev
    # Events are streamed to a real server.
    command -v nats-server >/dev/null || echo nats-server
    command -v cmake >/dev/null || echo cmake
    command -v autoreconf >/dev/null || echo autoconf
    command -v automake >/dev/null || echo automake
    command -v libtoolize >/dev/null || echo libtool
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    ((${#packages[@]})) || return 0
    local as_root=()
    if ((EUID != 0)); then
        as_root=(sudo -n)
        if ! sudo -n true 2>/dev/null; then
            echo "test.sh: missing Debian packages: ${packages[*]} (install them as root, then run this again)" >&2
            exit 1
        fi
    fi
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${packages[@]}"
}

# The servers that tests talk to and that are not written in Rust live in a virtual environment of their own.
make_venv() {
    [[ -f $requirements ]] || return 0
    cmp -s "$requirements" .venv/installed.txt && return 0
    python3 -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" .venv/installed.txt
}

# AWS's runtime interface client for Node.js has a part in C++, which is built against the headers on this machine.
make_node() {
    cmp -s "$node_package" .node/installed.json && return 0
    mkdir -p .node
    cp "$node_package" .node/package.json
    npm_config_nodedir=/usr npm install --prefix .node --ignore-scripts=false --no-audit --no-fund --loglevel=error
    if [[ ! -f .node/node_modules/aws-lambda-ric/dist/rapid-client.node ]]; then
        echo "test.sh: aws-lambda-ric could not be built" >&2
        exit 1
    fi
    cp "$node_package" .node/installed.json
}

install_packages
make_venv
make_node

if cargo nextest --version >/dev/null 2>&1; then
    # nextest runs no documentation tests, so cargo does, first: the runner's summary comes last.
    cargo test --locked --quiet --doc
    cargo nextest run --locked "$@"
else
    cargo test --locked "$@"
fi
