package guard_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// TestChannelsOfAnotherKind: of a channel that cannot reach the recipient only the offer is
// looked at, for the domain has another word for it.
func TestChannelsOfAnotherKind(t *testing.T) {
	g := guard.New(guard.Rules{Channels: []otp.Channel{otp.SMS, otp.Email}, Regions: []string{"AT"}}, nil, nil, nil)
	for _, c := range []struct {
		to      recipient.Recipient
		channel otp.Channel
		want    otp.Reason
	}{
		{otptest.Alice, otp.SMS, otp.RegionNotAllowed},
		{otptest.Alice, otp.Email, ""},
		{otptest.Carol, otp.Email, ""},
		{otptest.Carol, otp.SMS, ""},
		{otptest.Carol, otp.Voice, otp.ChannelNotAllowed},
	} {
		reason := otp.Reason("")
		if failure, ok := errors.AsType[*otp.Error](g.Permits(c.to, c.channel)); ok {
			reason = failure.Reason
		}
		if reason != c.want {
			t.Errorf("a %s by %s is refused as %q, want %q", c.to.Kind(), c.channel, reason, c.want)
		}
	}
}

var both = []otp.Channel{otp.SMS, otp.Voice}

// example is a row of the table that pkg/phone's generator makes of libphonenumber's
// example numbers.
type example struct {
	to       recipient.Recipient
	region   string
	lineType phone.LineType
	number   string
	// answers by channel: ok, region or line_type.
	answers map[otp.Channel]string
}

func examples(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile("../phone/testdata/examples.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for line := range strings.Lines(string(text)) {
		columns := strings.Fields(line)
		if len(columns) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(columns) != 5 {
			t.Fatalf("%q has %d columns, want 5", line, len(columns))
		}
		lineType, err := phone.ParseLineType(columns[1])
		if err != nil {
			t.Fatal(err)
		}
		e := example{to: to(t, columns[2]), region: columns[0], lineType: lineType, number: columns[2], answers: map[otp.Channel]string{}}
		for i, channel := range both {
			answer, found := strings.CutPrefix(columns[3+i], string(channel)+"=")
			if !found {
				t.Fatalf("%q has no answer for %s", line, channel)
			}
			e.answers[channel] = answer
		}
		all = append(all, e)
	}
	return all
}

func to(tb testing.TB, number string) recipient.Recipient {
	tb.Helper()
	n, err := phone.Parse(number)
	if err != nil {
		tb.Fatalf("%s: %v", number, err)
	}
	return recipient.OfPhone(n)
}

// permits is Permits' answer in the table's words.
func permits(t *testing.T, rules guard.Rules, to recipient.Recipient, channel otp.Channel) string {
	t.Helper()
	err := guard.New(rules, nil, nil, nil).Permits(to, channel)
	if err == nil {
		return "ok"
	}
	failure, ok := errors.AsType[*otp.Error](err)
	if !ok {
		t.Fatalf("Permits: %v is no *otp.Error", err)
	}
	switch failure.Reason {
	case otp.RegionNotAllowed:
		return "region"
	case otp.LineTypeNotAllowed:
		return "line_type"
	case otp.ChannelNotAllowed:
		return "channel"
	}
	t.Fatalf("Permits: %s", failure.Reason)
	return ""
}

// TestExamplesUnderTheDefault asks for every example number by both channels.
func TestExamplesUnderTheDefault(t *testing.T) {
	seen := map[string]int{}
	rows := examples(t)
	for _, e := range rows {
		for _, channel := range both {
			got := permits(t, guard.Rules{Channels: both}, e.to, channel)
			if got != e.answers[channel] {
				t.Errorf("%s of %s, %s, by %s: %s, want %s", e.number, e.region, e.lineType, channel, got, e.answers[channel])
			}
			seen[got]++
		}
	}
	if len(rows) < 1000 || seen["ok"] < 300 || seen["region"] < 20 || seen["line_type"] < 1000 {
		t.Errorf("of %d examples the answers are %v: the table is not whole", len(rows), seen)
	}
}

// TestOwnersLists holds every list of an owner against every example: a list is the whole
// rule, for both channels.
func TestOwnersLists(t *testing.T) {
	var every []phone.LineType
	for lineType := phone.Unknown; lineType <= phone.VoIP; lineType++ {
		every = append(every, lineType)
	}
	for _, rules := range []guard.Rules{
		{Channels: both, LineTypes: every}, // the word all
		{Channels: both, LineTypes: []phone.LineType{phone.VoIP}},
		{Channels: both, LineTypes: []phone.LineType{phone.Mobile, phone.PremiumRate, phone.TollFree}},
		{Channels: both, Regions: []string{"AT", "DE"}},
		{Channels: both, Regions: []string{"US"}, LineTypes: every},
		{Channels: both, Regions: []string{"001"}},
		{Channels: both, Regions: []string{"001", "JM"}, LineTypes: []phone.LineType{phone.SharedCost, phone.Mobile}},
	} {
		sent := 0
		for _, e := range examples(t) {
			for _, channel := range both {
				want := "ok"
				defaults := []phone.LineType{phone.Mobile, phone.FixedLineOrMobile}
				if channel == otp.Voice {
					defaults = append(defaults, phone.FixedLine)
				}
				switch {
				case len(rules.Regions) > 0 && !slices.Contains(rules.Regions, e.region), len(rules.Regions) == 0 && e.region == "001":
					want = "region"
				case len(rules.LineTypes) > 0 && !slices.Contains(rules.LineTypes, e.lineType),
					len(rules.LineTypes) == 0 && !slices.Contains(defaults, e.lineType):
					want = "line_type"
				}
				if got := permits(t, rules, e.to, channel); got != want {
					t.Errorf("%v %v: %s of %s, %s, by %s: %s, want %s", rules.Regions, rules.LineTypes, e.number, e.region, e.lineType, channel, got, want)
				}
				if want == "ok" {
					sent++
				}
			}
		}
		if sent == 0 {
			t.Errorf("%v %v sends nowhere: nothing was tested", rules.Regions, rules.LineTypes)
		}
	}
}

// TestKindsThatCost: the ones that the trials of the first version sent to.
func TestKindsThatCost(t *testing.T) {
	for number, want := range map[string]map[otp.Channel]string{
		"+449012345678":  {otp.SMS: "line_type", otp.Voice: "line_type"}, // +44 90, premium
		"+19002345678":   {otp.SMS: "line_type", otp.Voice: "line_type"}, // +1 900
		"+979123456789":  {otp.SMS: "region", otp.Voice: "region"},       // international premium
		"+881612345678":  {otp.SMS: "region", otp.Voice: "region"},       // satellite, which is mobile
		"+14155552671":   {otp.SMS: "ok", otp.Voice: "ok"},
		"+436641234567":  {otp.SMS: "ok", otp.Voice: "ok"},
		"+4315350000":    {otp.SMS: "line_type", otp.Voice: "ok"}, // a fixed line
		"+8823421234":    {otp.SMS: "region", otp.Voice: "region"},
		"+18765551234":   {otp.SMS: "ok", otp.Voice: "ok"}, // Jamaica: allowed while every region is
		"+443001234567":  {otp.SMS: "line_type", otp.Voice: "line_type"},
		"+4915123456789": {otp.SMS: "ok", otp.Voice: "ok"},
	} {
		for channel, want := range want {
			if got := permits(t, guard.Rules{Channels: both}, to(t, number), channel); got != want {
				t.Errorf("%s by %s: %s, want %s", number, channel, got, want)
			}
		}
	}
	// A calling code is no region.
	if got := permits(t, guard.Rules{Regions: []string{"US"}}, to(t, "+18765551234"), otp.SMS); got != "region" {
		t.Errorf("a number of Jamaica where only US is allowed: %s", got)
	}
}

func TestChannels(t *testing.T) {
	mobile := to(t, "+14155552671")
	for _, c := range []struct {
		offered []otp.Channel
		channel otp.Channel
		want    string
	}{
		{nil, otp.SMS, "ok"},
		{nil, otp.Voice, "channel"},
		{[]otp.Channel{otp.Voice}, otp.SMS, "channel"},
		{[]otp.Channel{otp.Voice}, otp.Voice, "ok"},
		{both, otp.Voice, "ok"},
	} {
		if got := permits(t, guard.Rules{Channels: c.offered}, mobile, c.channel); got != c.want {
			t.Errorf("%s where %v are offered: %s, want %s", c.channel, c.offered, got, c.want)
		}
	}
	// The channel comes first: what is not offered is refused for everyone alike.
	if got := permits(t, guard.Rules{}, to(t, "+979123456789"), otp.Voice); got != "channel" {
		t.Errorf("a channel that is not offered, to a region that is not: %s", got)
	}
}
