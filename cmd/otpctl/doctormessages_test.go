package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// deployedWith is what doctor knows of a deployment before it has asked Infobip.
func deployedWith(environment map[string]string) *visit {
	found := &lambda.GetFunctionConfigurationOutput{Environment: &lambdatypes.EnvironmentResponse{Variables: environment}}
	return &visit{functions: map[string]*deployedFunction{"send": {program: settings.Send, found: found}}}
}

// What a channel lacks, and that the one template is not used, is seen without Infobip.
func TestMessagesWithoutInfobip(t *testing.T) {
	const (
		unused = "ok: INFOBIP_2FA_MSG_ID is not used: nothing that CHANNELS offers goes in its template"
		asks   = "warn: not looked at: the application is not known"
		none   = "warn: not looked at: there is no INFOBIP_2FA_MSG_ID"
		sms    = "fail: send does not start: INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have sms/*: CHANNELS offers sms"
		email  = "fail: send does not start: INFOBIP_2FA_MESSAGES must have email/*: CHANNELS offers email"
	)
	for _, c := range []struct {
		channels, list, standard string
		template                 string
		messages                 []string
	}{
		{"", "", "MSG1", asks, []string{asks}},
		{"", "sms/*=MSG2", "MSG1", unused, []string{asks}},
		{"email", "email/*=MSG2", "", unused, []string{asks}},
		{"email", "", "MSG1", unused, []string{email, asks}},
		{"sms,email", "", "", none, []string{sms, email, asks}},
	} {
		v := deployedWith(map[string]string{"CHANNELS": c.channels, "INFOBIP_2FA_MESSAGES": c.list, "INFOBIP_2FA_MSG_ID": c.standard})
		for check, want := range map[string]struct {
			found []finding
			says  []string
		}{"template": {checkTemplate(t.Context(), v), []string{c.template}}, "messages": {checkMessages(t.Context(), v), c.messages}} {
			if len(want.found) != len(want.says) {
				t.Errorf("%s of %q with %q and %q: %+v, want %q", check, c.channels, c.list, c.standard, want.found, want.says)
				continue
			}
			for i, f := range want.found {
				if got := string(f.Status) + ": " + f.Found; !strings.HasPrefix(got, want.says[i]) {
					t.Errorf("%s of %q with %q and %q: %q, want %q", check, c.channels, c.list, c.standard, got, want.says[i])
				}
			}
		}
	}
}

// That an account has no such template is said where all of it was looked at.
func TestTemplateOfAnotherApplication(t *testing.T) {
	const nowhere, unknown = "the account has no such template", "whether another one has it is not known"
	for name, test := range map[string]struct {
		applications int // of the account; none: they cannot be listed
		holder       int // of the template
		broken       bool
		want         string
	}{
		"none has it":     {3, -1, false, nowhere},
		"another has it":  {3, 2, false, "it is one of the application APP2 (name)"},
		"nobody may list": {0, -1, false, unknown},
		"one is broken":   {3, -1, true, unknown},
		"beyond the last": {12, 11, false, unknown},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			const path = "/2fa/2/applications"
			var list []string
			for i := range test.applications {
				list = append(list, fmt.Sprintf(`{"applicationId":"APP%d","name":"name"}`, i))
			}
			switch {
			case r.URL.Path == path && list != nil:
				fmt.Fprintf(w, "[%s]", strings.Join(list, ","))
			case r.URL.Path == fmt.Sprintf("%s/APP%d/messages/MSG1", path, test.holder):
				fmt.Fprint(w, `{"messageId":"MSG1"}`)
			case r.URL.Path == path || test.broken:
				w.WriteHeader(http.StatusForbidden)
			default:
				w.WriteHeader(http.StatusNotFound)
			}
		}))
		provisioner, err := infobip.NewProvisioner(server.URL, true, "key")
		if err != nil {
			t.Fatal(err)
		}
		v := &visit{provisioner: provisioner, application: &infobip.Application{ID: "APP0"}}
		if got := v.elsewhere(t.Context(), "MSG1"); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		provisioner.Close()
		server.Close()
	}
}
