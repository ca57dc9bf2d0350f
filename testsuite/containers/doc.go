// Package containers gives a test a real server, or a piece of one that is its
// own: an empty database, a virtual host, a bucket.
//
//	url := containers.Postgres(t)
//
// A server is looked for in this order: a URL in the environment
// (BODEGA_TEST_POSTGRES_URL, _REDIS_URL, _RABBITMQ_URL, _ELASTICSEARCH_URL,
// _S3_URL); a Docker engine with the official image, or the one that
// BODEGA_TEST_POSTGRES_IMAGE and its siblings name; an engine without a
// registry and the images of package images. Otherwise the test is skipped with
// one line that says what to do.
//
// BODEGA_TEST_SERVICES=require makes it fail instead, and allows what takes
// minutes: pulling and building images. BODEGA_TEST_SERVICES=off skips the test
// at once. Program testsuite/services starts every server once and passes the
// URLs to a whole `go test ./...`; without it each test binary that finds an
// engine starts what its tests ask for.
//
// Tests that stop, pause or promote a server take one of their own:
// PostgresCluster, RedisServer, RabbitMQServer, ElasticsearchServer, S3Server.
// Proxy puts a bad network in front of any server.
//
// Containers are published on 127.0.0.1, go with their test or with the process
// that started them, however it ends, and are labelled, so that the next run
// removes what a crash of the machine left. The package imports none of
// Bodega's adapters or programs.
package containers
