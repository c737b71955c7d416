package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// anyTime is the day that the tests of the list are on.
var anyTime = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

const goodList = "+14155552671=424242@2027-01-31"

// changing is a secret whose list changes.
type changing struct {
	list string
	err  error
}

func (c *changing) TestRecipients(context.Context) (string, error) { return c.list, c.err }

func TestWhoHeedsTestRecipients(t *testing.T) {
	for _, c := range []struct {
		function settings.Program
		allowed  bool
		want     bool
	}{
		{settings.Send, false, false},
		{settings.Verify, false, false},
		{settings.Send, true, true},
		{settings.Verify, true, true},
		{0, false, true}, // a laptop
	} {
		list := newTestList(&Config{Function: c.function, Tests: TestRecipients{Allowed: c.allowed}}, &changing{}, telemetry.NewLogger(&bytes.Buffer{}, ""))
		if (list != nil) != c.want {
			t.Errorf("function %d, allowed %t: heeds %t, want %t", c.function, c.allowed, list != nil, c.want)
		}
		if err := list.check(t.Context(), anyTime); err != nil {
			t.Errorf("function %d: a secret without a list has the fault %v", c.function, err)
		}
	}
}

// TestListOfALaterSecret: a bad one counts as none and is logged, once; a good one counts
// again.
func TestListOfALaterSecret(t *testing.T) {
	var log bytes.Buffer
	secret := &changing{list: goodList}
	config := Config{}
	config.Form.PINLength = 6
	list := newTestList(&config, secret, telemetry.NewLogger(&log, ""))
	finds := func(what string, want bool) {
		t.Helper()
		for range 3 {
			terms, err := list.Find(t.Context(), otptest.Alice, anyTime)
			if err != nil || (terms != nil) != want {
				t.Fatalf("%s: found %t, %v; want %t", what, terms != nil, err, want)
			}
			if want && (!terms.Accepts("424242") || terms.Accepts("424243") || !terms.Ends.Equal(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC))) {
				t.Errorf("%s: the terms are others", what)
			}
		}
	}
	finds("at first", true)
	secret.list = goodList + ",+41446681800=canary@2027-01-31"
	finds("a bad list", false)
	if n := strings.Count(log.String(), "entry 2: its PIN has not 6 digits"); n != 1 {
		t.Errorf("the log says it %d times, want once: %s", n, log.String())
	}
	if err := list.check(t.Context(), anyTime); err == nil || strings.Contains(err.Error()+log.String(), "canary") || strings.Contains(log.String(), "424242") {
		t.Errorf("its fault is %v; the log: %s", err, log.String())
	}
	secret.list = goodList
	finds("a good one again", true)
	secret.list = ""
	finds("none", false)
	secret.err = errors.Join(errors.New("a fault of the test"), otp.ErrUnavailable)
	if _, err := list.Find(t.Context(), otptest.Alice, anyTime); !errors.Is(err, otp.ErrUnavailable) {
		t.Errorf("without its secret: %v", err)
	}
	if err := list.check(t.Context(), anyTime); err != nil {
		t.Errorf("a secret that cannot be read stops the start: %v", err)
	}
}

// TestBadListStopsAStart of a function that heeds it, and of no other.
func TestBadListStopsAStart(t *testing.T) {
	secret := ""
	manager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetSecretValue") {
			_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": secret})
		}
	}))
	defer manager.Close()
	variables := map[string]string{
		"INFOBIP_BASE_URL": manager.URL, "INFOBIP_2FA_APP_ID": "a", "INFOBIP_2FA_MSG_ID": "m", "TABLE_NAME": "t", "AWS_REGION": "eu-central-1",
		"SECRET_ID": "s", "AWS_ENDPOINT_URL": manager.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	today := time.Now().UTC()
	for _, c := range []struct{ list, allowed, want string }{
		{"canary", "true", "the secret's testRecipients are heeded (ALLOW_TEST_RECIPIENTS), and not of their form\nentry 1: it has not the form RECIPIENT=PIN@YYYY-MM-DD"},
		{"canary", "false", ""},
		{"+14155552671=424242@2020-01-31", "true", ""},
		{"+14155552671=424242@" + today.AddDate(0, 0, 90).Format(time.DateOnly), "true", ""},
	} {
		secret = fmt.Sprintf(`{"infobipApiKey":"key","phoneKeys":{"1":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="},"phoneKey":"1","testRecipients":%q}`, c.list)
		variables["ALLOW_TEST_RECIPIENTS"] = c.allowed
		for _, function := range []settings.Program{settings.Send, settings.Verify} {
			_, err := start(function, env(variables), telemetry.NewLogger(&bytes.Buffer{}, ""))
			if got := fmt.Sprint(err); err == nil && c.want != "" || err != nil && got != c.want {
				t.Errorf("allowed %s: got %v\nwant %s", c.allowed, err, c.want)
			}
		}
	}
}
