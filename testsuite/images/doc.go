// Package images makes the images of real servers on a machine that reaches no
// image registry: Debian's packages, Maven Central and the Go module proxy are
// enough. Each folder is a recipe, and its image keeps the conventions of the
// official one (variables, ports, arguments), so that a test, the compose file
// and a person need not know which of the two they run.
//
// Package containers builds what it needs. By hand:
//
//	go run github.com/bodega-commerce/bodega/testsuite/services -images
//
// Images are labelled with a digest of their recipe and made again only when it
// changes; downloads stay in the cache folder. It takes root on Debian or
// Ubuntu, for debootstrap, and about four minutes the first time.
package images
