# As the official image: an environment variable with a dot in its name is a
# setting, ELASTIC_PASSWORD the password of `elastic`, ES_JAVA_OPTS the heap.
# The archive has no shell launcher; this starts the server as that would.
set -euo pipefail
if [[ ${1:-} != eswrapper ]]; then exec "$@"; fi

home=/usr/share/elasticsearch
cd "$home"

launch() { # NAME LIBS TOOL ARGUMENT…: becomes a program of Elasticsearch
  exec gosu elasticsearch java -Xms64m -Xmx128m -Dcli.name="$1" -Dcli.script="$home/bin/elasticsearch${3:+-$1}" \
    -Dcli.libs="$2" -Des.path.home="$home" -Des.path.conf="$home/config" -Des.distribution.type=docker \
    -cp "$home/lib/*:$home/lib/cli-launcher/*" org.elasticsearch.launcher.CliToolLauncher "${@:4}"
}

settings=()
while IFS= read -r -d '' variable; do
  if [[ ${variable%%=*} == *.* ]]; then settings+=("-E$variable"); fi
done < <(env -0)
if [[ "${settings[*]}" != *-Enetwork.host=* ]]; then settings+=(-Enetwork.host=0.0.0.0); fi

chown -R elasticsearch: data logs config
if [[ -n ${ELASTIC_PASSWORD:-} && ! -f config/elasticsearch.keystore ]]; then
  (launch keystore lib/tools/keystore-cli tool create)
  (launch keystore lib/tools/keystore-cli tool add -x bootstrap.password <<<"$ELASTIC_PASSWORD")
fi
launch server lib/tools/server-cli '' "${settings[@]}"
