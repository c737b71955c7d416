package recipient_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

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

func TestRecipientDoesNotPrint(t *testing.T) {
	holder := struct{ To recipient.Recipient }{recipient.OfPhone(number(t, "+14155552671"))}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "to", holder.To, "holder", holder)
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(holder), fmt.Sprintf("%+v %#v %q %s %x", holder, holder, holder.To, holder.To, holder.To), log.String(), string(encoded),
	} {
		if strings.Contains(text, "4155552671") {
			t.Errorf("printed: %s", text)
		}
	}
}
