package search

import (
	"slices"
	"time"
)

// SettingName names one of the documents by which a shopkeeper steers the search.
type SettingName string

const (
	SettingSynonyms SettingName = "synonyms"
	SettingRules    SettingName = "rules"
	SettingBoosts   SettingName = "boosts"
)

// Settings returns the names of all settings.
func Settings() []SettingName { return []SettingName{SettingSynonyms, SettingRules, SettingBoosts} }

// Valid reports whether there is such a setting.
func (n SettingName) Valid() bool { return slices.Contains(Settings(), n) }

// FirstVersion is that of a setting that was never written.
const FirstVersion = 1

// Setting is such a document as it is stored. Each exists from the beginning,
// empty, as FirstVersion.
type Setting struct {
	Name      SettingName
	Version   int64
	Body      []byte    // JSON; empty: never written
	UpdatedAt time.Time // zero: never written
}
