package order

import (
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
)

// Address is where something goes.
type Address struct {
	FirstName  string `json:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty"`
	Company    string `json:"company,omitempty"`
	Line1      string `json:"line1,omitempty"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country"` // ISO 3166-1 alpha-2
	Phone      string `json:"phone,omitempty"`
}

const maxAddressMember = 200

// Validate answers Invalid naming every member that is missing, too long or
// not a country.
func (a Address) Validate() error {
	var f fault.Fields
	for _, m := range []struct {
		name, value string
		required    bool
	}{
		{"first_name", a.FirstName, false},
		{"last_name", a.LastName, true},
		{"company", a.Company, false},
		{"line1", a.Line1, true},
		{"line2", a.Line2, false},
		{"city", a.City, true},
		{"region", a.Region, false},
		{"postal_code", a.PostalCode, true},
		{"phone", a.Phone, false},
	} {
		switch {
		case m.required && strings.TrimSpace(m.value) == "":
			f.Add(m.name, "required", "is required")
		case utf8.RuneCountInString(m.value) > maxAddressMember:
			f.Add(m.name, "too_long", "must have at most 200 characters")
		}
	}
	switch {
	case a.Country == "":
		f.Add("country", "required", "is required")
	case !KnownCountry(a.Country):
		f.Add("country", "enum", "must be an ISO 3166-1 alpha-2 code")
	}
	return f.Err()
}

// Alpha-2 codes of ISO 3166-1, in force 2026.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL " +
	"CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW " +
	"GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME " +
	"MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA " +
	"RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY " +
	"UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

// KnownCountry reports whether a code is one of ISO 3166-1 alpha-2.
func KnownCountry(code string) bool {
	return len(code) == 2 && !strings.ContainsRune(code, ' ') && strings.Contains(countries, " "+code+" ")
}
