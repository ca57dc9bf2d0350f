# fetch.sh TAR: versitygw, an S3 server over a directory.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GOBIN=$work GOFLAGS='' CGO_ENABLED=0 go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
tar -C "$work" -cf "$1" versitygw
