// Package files keeps a shop's files in a directory and writes its mails into
// another, for shops that have neither an object store nor a mail server.
//
// What is under a name is whole or not there: bytes go to a temporary file, to
// the disk, and then get their name. Several processes may share a directory.
//
// It serves ports.Files and ports.Mailer and imports the standard library,
// nouns and ports.
package files
