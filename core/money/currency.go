package money

import "strings"

// Currency is an ISO 4217 alphabetic code in upper case.
type Currency string

// The codes in circulation by number of decimals (ISO 4217:2015, list one).
const (
	decimals0 = " BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "
	decimals3 = " BHD IQD JOD KWD LYD OMR TND "
	decimals2 = " AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK " +
		"DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK " +
		"LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON " +
		"RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST " +
		"XCD YER ZAR ZMW ZWG "
)

// Known reports whether the code is one of ISO 4217 that money is kept in.
func (c Currency) Known() bool {
	if len(c) != 3 || strings.ContainsRune(string(c), ' ') {
		return false
	}
	code := " " + string(c) + " "
	return strings.Contains(decimals2, code) || strings.Contains(decimals0, code) || strings.Contains(decimals3, code)
}

// Exponent returns how many decimals the minor unit is: 2 for EUR, 0 for JPY, 3 for KWD.
func (c Currency) Exponent() int {
	code := " " + string(c) + " "
	switch {
	case strings.Contains(decimals0, code):
		return 0
	case strings.Contains(decimals3, code):
		return 3
	}
	return 2
}
