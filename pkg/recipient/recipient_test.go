package recipient_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

func number(t *testing.T, s string) phone.Number {
	t.Helper()
	n, err := phone.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func address(t *testing.T, s string) email.Address {
	t.Helper()
	a, err := email.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOfPhone(t *testing.T) {
	r := recipient.OfPhone(number(t, "14155552671"))
	if r.Kind() != recipient.Phone || r.Canonical() != "+14155552671" || r.Region() != "US" {
		t.Errorf("kind %q, canonical %t, region %q", r.Kind(), r.Canonical() == "+14155552671", r.Region())
	}
	if n, ok := r.Phone(); !ok || n.LineType() != phone.FixedLineOrMobile {
		t.Errorf("the number is of type %s, and one: %t", n.LineType(), ok)
	}
	if r != recipient.OfPhone(number(t, "+14155552671")) {
		t.Error("two spellings of one number are two recipients")
	}
	if r == recipient.OfPhone(number(t, "+41446681800")) {
		t.Error("two numbers are one recipient")
	}
	if _, ok := (recipient.Recipient{}).Phone(); ok || (recipient.Recipient{}).Kind() != "" {
		t.Error("nobody has a phone")
	}
}

func TestOfEmail(t *testing.T) {
	r := recipient.OfEmail(address(t, "Jane@Example.com"))
	if r.Kind() != recipient.Email || r.Canonical() != "jane@example.com" || r.Region() != "" {
		t.Errorf("kind %q, canonical %t, region %q", r.Kind(), r.Canonical() == "jane@example.com", r.Region())
	}
	if _, ok := r.Phone(); ok {
		t.Error("an address is a phone number")
	}
	if a, ok := r.Email(); !ok || a.Canonical() != "jane@example.com" {
		t.Errorf("the address is one: %t", ok)
	}
	if r != recipient.OfEmail(address(t, "jane@EXAMPLE.com")) {
		t.Error("two spellings of one address are two recipients")
	}
	if r == recipient.OfEmail(address(t, "jane+tag@example.com")) {
		t.Error("two addresses are one recipient")
	}
	if _, ok := recipient.OfPhone(number(t, "+14155552671")).Email(); ok {
		t.Error("a phone number is an address")
	}
}

func TestRecipientDoesNotPrint(t *testing.T) {
	doesNotPrint(t, recipient.OfPhone(number(t, "+14155552671")), "4155552671")
	doesNotPrint(t, recipient.OfEmail(address(t, "canary@example.com")), "canary")
}

func doesNotPrint(t *testing.T, to recipient.Recipient, canary string) {
	t.Helper()
	holder := struct{ To recipient.Recipient }{to}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "to", holder.To, "holder", holder)
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(holder), fmt.Sprintf("%+v %#v %q %s %x", holder, holder, holder.To, holder.To, holder.To), log.String(), string(encoded),
	} {
		if strings.Contains(text, canary) {
			t.Errorf("printed: %s", text)
		}
	}
}
