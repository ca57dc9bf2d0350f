// Package smtp hands a shop's mails to a mail server, one connection a mail.
//
// Mail is encrypted on its way unless the address says otherwise, and nobody
// waits longer than fifteen seconds. What the server has taken over is sent;
// when the connection ends before it says so, the answer is fault.Unknown, and
// sending again may deliver twice, under one Message-ID.
//
// It serves ports.Mailer and imports the standard library, nouns, ports and
// go-mail.
package smtp
