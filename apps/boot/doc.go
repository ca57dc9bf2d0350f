// Package boot turns settings into a running shop: it reads and checks the
// environment, opens the adapters it names, assembles core.Shop, and starts
// the HTTP servers and loops. Programs in apps and the testsuite call it.
package boot
