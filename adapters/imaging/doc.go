// Package imaging makes uploaded pictures fit to show. It trusts nothing in
// them: what a picture claims to be is checked before it is decoded, and what
// is stored is encoded anew from the pixels, so that no metadata, no
// coordinates of a home and no second file hidden in the first survive.
//
// Decoding takes memory by the pixel, so only a few pictures are worked on at
// once, and scaling needs no more than a strip's worth beside them.
//
// It serves ports.Imager and imports the standard library, nouns, ports and
// x/image, for WebP and for scaling with a good filter.
package imaging
