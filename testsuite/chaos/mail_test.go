package chaos

import (
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var orderNumber = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]`)

// confirmations returns the Message-IDs of the mails that were written about
// each order, by its number.
func (s *server) confirmations() map[string][]string {
	s.t.Helper()
	return confirmations(s.t, filepath.Join(s.dir, "mail"))
}

func confirmations(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	seen, ids := map[string]bool{}, map[string][]string{}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(file)
		file.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		number := orderNumber.FindString(subject)
		if err != nil || number == "" {
			t.Fatalf("%s: whose mail is %q (%v)", name, subject, err)
		}
		if id := m.Header.Get("Message-ID"); !seen[id] {
			seen[id] = true
			ids[number] = append(ids[number], id)
		}
	}
	return ids
}
