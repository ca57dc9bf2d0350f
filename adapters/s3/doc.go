// Package s3 keeps a shop's files in a bucket of a store that speaks S3, where
// every server of the shop finds them.
//
// A name is an object. It is written by one conditional request (If-None-Match),
// so of several writers at once the first wins and nobody ever sees half a file;
// a store that ignores the condition lets the last writer win instead.
//
// It serves ports.Files and imports the standard library, nouns, ports and
// minio-go.
package s3
