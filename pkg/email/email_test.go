package email_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
)

// example is an address of testdata/addresses.json, and what is made of it. The same file is
// compared with a browser's own check (test/web), whose word is Browser where it differs
// from ours, for the reason that is named.
type example struct {
	Address  string
	Accepted bool
	Browser  *bool
	Why      string
}

func examples(tb testing.TB) []example {
	tb.Helper()
	raw, err := os.ReadFile("testdata/addresses.json")
	if err != nil {
		tb.Fatal(err)
	}
	var all []example
	if err := json.Unmarshal(raw, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestParse(t *testing.T) {
	accepted := 0
	for _, e := range examples(t) {
		a, err := email.Parse(e.Address)
		if (err == nil) != e.Accepted || err != nil && !errors.Is(err, email.ErrInvalid) {
			t.Errorf("%q: error is %v, want it accepted: %t", e.Address, err, e.Accepted)
		}
		want := ""
		if e.Accepted {
			accepted++
			want = strings.ToLower(e.Address)
		}
		if a.Canonical() != want {
			t.Errorf("%q is kept as %q, want %q", e.Address, a.Canonical(), want)
		}
		if (e.Browser == nil) != (e.Why == "") || e.Browser != nil && *e.Browser == e.Accepted {
			t.Errorf("%q: a browser differs without a reason, or there is a reason for nothing", e.Address)
		}
		if e.Browser != nil && e.Accepted {
			t.Errorf("%q is taken here and by no browser", e.Address)
		}
	}
	if accepted < 20 {
		t.Errorf("%d addresses are accepted: the examples have lost their meaning", accepted)
	}
}

func TestErrorDoesNotRepeatTheAddress(t *testing.T) {
	if _, err := email.Parse("canary address"); strings.Contains(err.Error(), "canary") {
		t.Errorf("the error shows the address: %v", err)
	}
}

func TestAddressDoesNotPrint(t *testing.T) {
	a, err := email.Parse("canary@example.com")
	if err != nil {
		t.Fatal(err)
	}
	holder := struct{ Address email.Address }{a}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "address", a, "holder", holder)
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(holder), fmt.Sprintf("%+v %#v %q %s %x", holder, holder, a, a, a), log.String(), string(encoded),
	} {
		if strings.Contains(text, "canary") || strings.Contains(text, "63616e617279") {
			t.Errorf("printed: %s", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, e := range examples(f) {
		f.Add(e.Address)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := email.Parse(s)
		if err != nil {
			if a != (email.Address{}) {
				t.Fatalf("%q is refused, and an address", s)
			}
			return
		}
		c := a.Canonical()
		if !strings.EqualFold(c, s) || len(c) != len(s) {
			t.Fatalf("%q became %q", s, c)
		}
		if again, err := email.Parse(c); err != nil || again != a {
			t.Fatalf("%q is no canonical form of itself: %v", c, err)
		}
		// What a mail header or a log line would take for its own end or separator.
		if len(c) > 254 || strings.ContainsAny(c, " \t\r\n\x00\"(),:;<>[]\\") || strings.Count(c, "@") != 1 || strings.Contains(c, "..") {
			t.Fatalf("%q is accepted", c)
		}
		for i := range len(c) {
			if c[i] >= 0x7f || c[i] <= ' ' || c[i] >= 'A' && c[i] <= 'Z' {
				t.Fatalf("%q has the byte %#x", c, c[i])
			}
		}
	})
}
