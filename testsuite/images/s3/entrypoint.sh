# As the official image of versitygw: without arguments VGW_BACKEND and
# VGW_BACKEND_ARG say what it serves; the other settings are its own variables.
set -euo pipefail
if [[ $# -eq 0 ]]; then
  set -- "${VGW_BACKEND:?posix, for a directory}" ${VGW_BACKEND_ARG:+"$VGW_BACKEND_ARG"}
fi
exec versitygw "$@"
