package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// TestCounting: of what is kept under several phone keys an operator sees what counts.
func TestCounting(t *testing.T) {
	kept, over, empty := otp.Ledger{Sends: 1, ForgetAt: at("1h")}, otp.Ledger{Sends: 1, ForgetAt: now}, otp.Ledger{}
	for name, test := range map[string]struct {
		states []otp.Ledger // the key in use first
		want   []string
	}{
		"one key":                        {[]otp.Ledger{kept}, []string{"0"}},
		"nothing anywhere":               {[]otp.Ledger{empty, empty}, []string{"0"}},
		"under the key in use":           {[]otp.Ledger{kept, empty}, []string{"0"}},
		"under an older key":             {[]otp.Ledger{empty, empty, kept}, []string{"2"}},
		"under both":                     {[]otp.Ledger{kept, kept, empty}, []string{"0", "1"}},
		"over under an older key":        {[]otp.Ledger{kept, over}, []string{"0"}},
		"over under the key in use":      {[]otp.Ledger{over, kept}, []string{"1"}},
		"over and waiting to be deleted": {[]otp.Ledger{empty, over}, []string{"1"}},
	} {
		var all []*subject
		for i, state := range test.states {
			all = append(all, &subject{key: string(rune('0' + i)), state: state})
		}
		var got []string
		for _, s := range counting(all, now) {
			got = append(got, s.key)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
