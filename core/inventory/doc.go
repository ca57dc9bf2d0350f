// Package inventory counts what can be sold. Stock is kept by SKU and location;
// what is available is what is on hand less what is reserved. It imports the
// standard library, fault and id.
package inventory
