package guard

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// forms checks what a parser makes of texts; an empty want is a refusal with the form.
func forms[T any](t *testing.T, parse func(string) (T, error), form string, cases map[string]string) {
	t.Helper()
	for text, want := range cases {
		value, err := parse(text)
		got := ""
		if err == nil {
			got = fmt.Sprint(value)
		} else if err.Error() != "must be "+form {
			t.Errorf("%q is refused with %q", text, err)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

func TestPriceForms(t *testing.T) {
	forms(t, ParsePrices, PricesForm, map[string]string{
		"*=0.10": "map[*:0.10]", "*=0.08,US=0.01": "map[*:0.08 US:0.01]", " *=0.08 , 001=5 ": "map[*:0.08 001:5.00]",
		"": "", "US=0.01": "", "*": "", "*=": "", "*=0": "", "*=-1": "", "*=0.1234567": "", "*=1001": "", "*=0.1,*=0.2": "",
		"*=0.1,US=1,US=2": "", "*=0.1,XX=1": "", "*=0.1,us=1": "", "*=0.1,": "", "*=0.1;US=1": "", "*=0.1 EUR": "",
	})
	prices, err := ParsePrices("*=0.08,US=0.01")
	if err != nil || prices.of("US") != one/100 || prices.of("AT") != 8*one/100 || prices.of("") != 8*one/100 {
		t.Errorf("the prices are %v, %v", prices, err)
	}
}

func TestLimitForms(t *testing.T) {
	forms(t, ParseLimit, LimitForm, map[string]string{
		"50/1d": "50.00/1d", "0.5/1h": "0.50/1h", "1000000000/365d": "1000000000.00/365d", "50/d": "50.00/1d", "7/90m": "7.00/90m",
		"": "", "50": "", "/1d": "", "50/": "", "0/1d": "", "-5/1d": "", "50/0d": "", "50/59s": "", "50/366d": "", "1000000000.1/1d": "",
		"50/1w": "", "50 /1d": "", "none": "", "50/1d/1d": "",
	})
	forms(t, ParseRegionLimits, RegionLimitsForm, map[string]string{
		"*=20/1d,US=100/1d": "map[*:20.00/1d US:100.00/1d]", "AT=5/1h": "map[AT:5.00/1h]",
		"": "", "20/1d": "", "*=20": "", "*=0/1d": "", "XX=1/1d": "", "AT=5/1h,AT=6/1h": "",
	})
	limits := RegionLimits{"*": {Amount: 1, Window: day}, "AT": {Amount: 2, Window: day}}
	if limits.of("AT").Amount != 2 || limits.of("DE").Amount != 1 || (RegionLimits{"AT": {Amount: 2}}).of("DE") != (Limit{}) {
		t.Error("a region has the limit of another")
	}
}

func TestAllowanceForms(t *testing.T) {
	forms(t, ParseAllowance, AllowanceForm, map[string]string{
		"off": "off", "enforce 10/1d+3": "enforce 10/1d+3", "record 20/1h+1.5": "record 20/1h+1.5", "enforce 1/1m+0": "enforce 1/1m+0",
		"enforce 1000000/365d+1000": "enforce 1000000/365d+1000", "enforce 10/d+3.0": "enforce 10/1d+3",
		"": "", "on": "", "enforce": "", "enforce 10/1d": "", "enforce 10/1d+": "", "enforce 10/1d+1.55": "", "enforce 10/1d+.5": "",
		"enforce 10/1d+5.": "", "enforce 10/1d+-1": "", "enforce 10/1d+1000.1": "", "enforce 0/1d+3": "", "enforce 1000001/1d+3": "",
		"enforce 10/59s+3": "", "enforce 10/366d+3": "", "enforce  10/1d+3": "", "Enforce 10/1d+3": "", "off 10/1d+3": "", " 10/1d+3": "",
		"enforce 10+3/1d": "", "enforce 10/1d+3+1": "", "enforce 10.5/1d+3": "",
	})
	for _, a := range []Allowance{DefaultAllowances().Network, DefaultAllowances().Prefix, DefaultAllowances().Region, DefaultAllowances().Service, {}} {
		if got, err := ParseAllowance(a.String()); err != nil || got != a {
			t.Errorf("%q is read as %+v, %v", a, got, err)
		}
	}
	for name, want := range map[string]Allowance{
		"enforce 10/1d+3": DefaultAllowances().Network, "enforce 20/1d+3": DefaultAllowances().Prefix,
		"enforce 25/6h+2": DefaultAllowances().Region, "enforce 40/6h+1.5": DefaultAllowances().Service,
	} {
		if want.String() != name {
			t.Errorf("a default is %s, want %s", want, name)
		}
	}
}

func FuzzSettings(f *testing.F) {
	for _, text := range []string{"off", "enforce 10/1d+1.5", "*=0.08,US=0.01", "*=20/1d", "50/1d", "9/9m+9", "=,=,=", "enforce 1/m+00000000000000000000001"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := ParseAllowance(text); err == nil {
			if again, err := ParseAllowance(a.String()); err != nil || again != a {
				t.Errorf("%q is read as %v, which is read as %v, %v", text, a, again, err)
			}
		}
		if l, err := ParseLimit(text); err == nil {
			if again, err := ParseLimit(l.String()); err != nil || again != l {
				t.Errorf("%q is read as %v, which is read as %v, %v", text, l, again, err)
			}
		}
		if p, err := ParsePrices(text); err == nil {
			for region, price := range p {
				if price <= 0 || price > mostPrice {
					t.Errorf("%q has the price %d for %s", text, price, region)
				}
			}
		}
		_, _ = ParseRegionLimits(text)
	})
}

func TestFaults(t *testing.T) {
	allowance := func(text string) Allowance {
		a, err := ParseAllowance(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, c := range []struct {
		network, prefix string
		spend           Amount
		channels        []otp.Channel
		setting         string
	}{
		{"enforce 10/1d+3", "enforce 20/1d+3", 0, nil, ""},
		{"enforce 20/1d+3", "enforce 20/1d+3", 0, nil, "NETWORK_ALLOWANCE"},
		{"enforce 21/2d+3", "enforce 20/1d+3", 0, nil, "NETWORK_ALLOWANCE"}, // a higher floor
		{"enforce 10/1h+3", "enforce 20/1d+3", 0, nil, "NETWORK_ALLOWANCE"}, // a faster one
		{"record 10/1h+3", "record 20/1d+3", 0, nil, "NETWORK_ALLOWANCE"},
		{"enforce 10/12h+3", "enforce 20/1d+3", 0, nil, "NETWORK_ALLOWANCE"}, // as fast
		{"off", "enforce 1/1d+3", 0, nil, ""},
		{"enforce 10/1h+3", "off", 0, nil, ""},
		{"off", "enforce 20/1d+3", one, []otp.Channel{otp.SMS}, ""}, // a prefix takes a tenth
		{"off", "enforce 20/1d+3", one - 1, []otp.Channel{otp.SMS}, "SPEND_LIMIT"},
		{"off", "enforce 20/1d+3", one, []otp.Channel{otp.SMS, otp.Voice}, ""}, // for no call, but for an SMS
		{"off", "enforce 20/1d+3", 3*one - 1, []otp.Channel{otp.Voice}, "SPEND_LIMIT"},
		{"off", "record 20/1d+3", one / 8, []otp.Channel{otp.SMS}, ""}, // strangers have four fifths
		{"off", "off", one / 8, []otp.Channel{otp.SMS}, ""},
		{"off", "off", one/8 - 1, []otp.Channel{otp.SMS}, "SPEND_LIMIT"},
		{"off", "off", one / 100, []otp.Channel{otp.Email}, ""}, // e-mail takes a tenth whatever is off
		{"off", "off", one/100 - 1, []otp.Channel{otp.Email}, "SPEND_LIMIT"},
		{"enforce 20/1d+3", "enforce 20/1d+3", one - 1, []otp.Channel{otp.SMS}, "NETWORK_ALLOWANCE" + "SPEND_LIMIT"}, // both at once
	} {
		rules := Rules{
			Allowances: Allowances{Network: allowance(c.network), Prefix: allowance(c.prefix)},
			Spend:      Limit{Amount: c.spend, Window: day}, Prices: DefaultPrices(), Channels: c.channels,
		}
		got := ""
		for _, fault := range rules.Faults() {
			got += fault.Setting
			if !strings.HasPrefix(fault.Error(), fault.Setting+" must be ") {
				t.Errorf("the fault is %q", fault)
			}
		}
		if got != c.setting {
			t.Errorf("%+v: %q, want %q", c, got, c.setting)
		}
	}
	// A price that nothing is sent at is none.
	rules := Rules{Channels: []otp.Channel{otp.SMS}, Regions: []string{"AT"}, Spend: Limit{Amount: one / 10, Window: day}, Prices: MessagePrices{SMS: Prices{"*": one, "CU": one / 100}}}
	if found := rules.Faults(); len(found) == 0 {
		t.Error("the price of a region that is not sent to counts")
	}
	rules.Regions = []string{"AT", "CU"}
	if found := rules.Faults(); len(found) > 0 {
		t.Errorf("the price of a region that is sent to does not count: %v", found)
	}
}

func TestWarnings(t *testing.T) {
	rules := Rules{Channels: []otp.Channel{otp.SMS}, Prices: DefaultPrices(), Allowances: DefaultAllowances(), Spend: Limit{Amount: 400 * one, Window: day}}
	if got := rules.Warnings(); len(got) != 0 {
		t.Errorf("the defaults warn where 400 may be spent: %q", got)
	}
	rules.Spend.Amount = 20 * one
	rules.Allowances.Service.Growth = 5
	want := []string{
		"REGION_ALLOWANCE has a floor of 25: at the dearest price (0.10) that is 2.50, more than a tenth of SPEND_LIMIT (20.00/1d)",
		"SERVICE_ALLOWANCE has a floor of 40: at the dearest price (0.10) that is 4.00, more than a tenth of SPEND_LIMIT (20.00/1d)",
		"SERVICE_ALLOWANCE has a growth of 0.5: a service of which fewer than 67 % of the sends are verified for 6h shuts itself",
	}
	if diff := cmp.Diff(want, rules.Warnings()); diff != "" {
		t.Errorf("the warnings differ (-want +got):\n%s", diff)
	}
	rules.Allowances = Allowances{}
	if got := rules.Warnings(); len(got) != 0 {
		t.Errorf("what is off warns: %q", got)
	}
	rules.Allowances.Service = Allowance{Mode: Record, Floor: 1, Window: time.Hour}
	if got := rules.Warnings(); len(got) != 0 {
		t.Errorf("a service that only records cannot shut itself: %q", got)
	}
}

// TestAPriceOutOfReach: a limit that pays for some messages and not for the dearest starts, and
// says so.
func TestAPriceOutOfReach(t *testing.T) {
	rules := Rules{Channels: otp.Channels(), Prices: DefaultPrices(), Spend: Limit{Window: day}}
	for amount, want := range map[Amount]string{
		one * 3 / 8: "",
		one*3/8 - 1: "SPEND_LIMIT (0.374999/1d) pays for no message at the dearest price (0.30): it would take 0.375",
		one / 100:   "SPEND_LIMIT (0.01/1d) pays for no message at the dearest price (0.30): it would take 0.375",
		one/100 - 1: "", // that is a fault
		0:           "", // no limit
	} {
		rules.Spend.Amount = amount
		if got := strings.Join(rules.Warnings(), "\n"); got != want {
			t.Errorf("a limit of %s warns %q, want %q", amount, got, want)
		}
	}
}
