package chaos

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// The kill matrix stands in this document between these lines. The long form of
// the tests writes what it has seen there.
const (
	document   = "../../docs/reliability.md"
	tableBegin = "<!-- kill matrix: written by make chaos -->\n"
	tableEnd   = "<!-- end of the kill matrix -->\n"
)

// columns are the shops that are killed.
var columns = []struct {
	name string
	of   func(step) spot
}{{"Embedded", onEmbedded}, {"Production", onProduction}}

// endings say in words how an order ends.
var endings = map[string]string{
	buys:     "confirmed, its money taken once, one mail",
	silent:   "confirmed, its money taken once, one mail",
	heard:    "confirmed, its money taken once, one mail",
	refused:  "not there, its unit and cart are free",
	wandered: "canceled, no money, its unit is back",
	regrets:  "canceled, its money given back once, its unit back once",
	takes:    "confirmed, its money taken once",
	repays:   "confirmed, a part of its money given back once",
	restocks: "confirmed, the money of a unit given back once, the unit back once",
	receives: "shipped, a unit back once",
	tells:    "being packed, the other program knows, each time by the same id",
	notes:    "confirmed, the note there once",
}

// passed are the points that orders went past unharmed, by column.
var passed = struct {
	sync.Mutex
	points map[string]bool
}{points: map[string]bool{}}

// record notes that an order went past a point.
func record(column string, p point) {
	passed.Lock()
	defer passed.Unlock()
	passed.points[column+p.String()] = true
}

// table is the matrix of the document.
func table() string {
	var b strings.Builder
	b.WriteString("| Order | Killed when |")
	for _, c := range columns {
		fmt.Fprintf(&b, " %s |", c.name)
	}
	b.WriteString(" In the end it is |\n|---|---|" + strings.Repeat("---|", len(columns)) + "---|\n")
	for _, s := range steps {
		fmt.Fprintf(&b, "| %s | %s |", s.journey, s.what)
		for _, c := range columns {
			fmt.Fprintf(&b, " %s |", cell(s, c.of(s)))
		}
		fmt.Fprintf(&b, " %s |\n", endings[s.journey])
	}
	return b.String()
}

// cell says which program is killed, and at which moments.
func cell(s step, at spot) string {
	if at == (spot{}) {
		return "–"
	}
	program := at.program
	if program == either {
		program = shop + " or " + worker
	}
	return program + ": " + strings.Join(s.moments, ", ")
}

// writeTable writes the matrix into the document, if orders went past every
// point of every shop.
func writeTable() error {
	passed.Lock()
	defer passed.Unlock()
	for _, c := range columns {
		for _, p := range points(c.of) {
			if !passed.points[c.name+p.String()] {
				return nil
			}
		}
	}
	content, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	top, rest, _ := strings.Cut(string(content), tableBegin)
	_, bottom, ok := strings.Cut(rest, tableEnd)
	if !ok {
		return fmt.Errorf("%s has no place for the table", document)
	}
	return os.WriteFile(document, []byte(top+tableBegin+table()+tableEnd+bottom), 0o644)
}

// The document's table names every point there is.
func TestKillMatrix_TableIsCurrent(t *testing.T) {
	t.Parallel()
	if _, long := os.LookupEnv("CHAOS_ROUNDS"); long {
		t.Skip("it is about to be written")
	}
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), tableBegin)
	written, _, ok := strings.Cut(rest, tableEnd)
	if !ok {
		t.Fatalf("%s has no kill matrix", document)
	}
	if written != table() {
		t.Errorf("the kill matrix of %s is old: make chaos writes it anew\n%s", document, table())
	}
}
