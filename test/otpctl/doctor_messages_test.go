package otpctl

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// A deployment with messages of a file, and a template of a language that is no longer in it.
func TestDoctorOnMessages(t *testing.T) {
	p := newClinic(t).healthy(t)
	p.configure(t, http.MethodPost, "/messages", map[string]any{"messageText": "{{pin}} är din kod.", "pinType": "NUMERIC", "pinLength": 6, "language": "sv"})
	p.speaks(t)
	found, got := p.examine(t, p.build(t))
	var said []string
	for _, f := range found {
		if f.Status != "ok" {
			t.Errorf("%s: %s: %s → %s", f.Check, f.Status, f.Found, f.Todo)
		}
		if f.Check == "messages" {
			said = append(said, f.Found)
		}
	}
	if got.code != 0 || len(said) != 2 || said[0] != "4 messages, each a template of the application, as messages.yaml has it" ||
		!strings.HasPrefix(said[1], "unused, for Infobip deletes none: ") || !strings.Contains(said[1], `("{{pin}} är din kod.", sv)`) {
		t.Errorf("exit code %d, and of the messages %q", got.code, said)
	}
}

// The template of INFOBIP_2FA_MSG_ID is looked at where something goes in it. Elsewhere it may be
// anything, or not be there.
func TestDoctorOnTheOneTemplate(t *testing.T) {
	c := newClinic(t)
	const unused = "INFOBIP_2FA_MSG_ID is not used: nothing that CHANNELS offers goes in its template"
	for _, test := range []struct {
		name          string
		deployed      func(*patient)
		status, found string
	}{
		{"every channel in the list", func(p *patient) { p.both("INFOBIP_2FA_MSG_ID", "NOWHERE") }, "ok", unused},
		{"without it", (*patient).withoutTheOneTemplate, "ok", unused},
		{"e-mail alone", func(p *patient) {
			p.withoutTheOneTemplate()
			send := p.functions["send"].environment
			send["CHANNELS"], send["INFOBIP_2FA_MESSAGES"] = "email", "email/*="+p.listed(t, "email/*")
		}, "ok", unused},
		{"calls in it", func(p *patient) { p.both("INFOBIP_2FA_MSG_ID", "NOWHERE"); p.list(t, "voice/*", "") }, "fail", "the application has no template NOWHERE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := c.healthy(t)
			p.speaks(t)
			test.deployed(p)
			found, got := p.examine(t, p.build(t))
			for _, f := range found {
				if f.Check == "template" && (f.Status != test.status || !strings.HasPrefix(f.Found, test.found)) {
					t.Errorf("%s: %s, want %s: %s", f.Status, f.Found, test.status, test.found)
				}
				if f.Status == "fail" && f.Check != "template" {
					t.Errorf("%s: %s", f.Check, f.Found)
				}
			}
			if (got.code == 0) != (test.status == "ok") {
				t.Errorf("exit code %d where the template is to be %s", got.code, test.status)
			}
		})
	}
}

// The ids of templates come from the stack too, if one is named.
func TestProvisionByTheStack(t *testing.T) {
	p := newClinic(t).healthy(t)
	p.speaks(t)
	list := p.functions["send"].environment["INFOBIP_2FA_MESSAGES"]
	o := p.build(t)
	o.env = append(o.env, "INFOBIP_API_KEY="+harness.SimulatorKey)
	p.write(t, strings.Replace(threeChannels, "ist Ihr Code", "ist dein Code", 1))
	args := []string{"provision", "--dry-run", "--app-id", p.simulator.AppID, "--messages", p.messages}
	got := o.run(t, "", append(args, "--stack", p.stack)...)
	want(t, got.stderr, "the templates are those of INFOBIP_2FA_MESSAGES in the stack "+p.stack, "sms/de ("+p.listed(t, "sms/de")+") differs", `-> "{{pin}} ist dein Code.{{ending}}{{pin}}"`)
	want(t, got.stdout, "INFOBIP_2FA_MESSAGES="+list+"\n")
	if got.code != 3 {
		t.Errorf("exit code %d, want 3", got.code)
	}
	got = o.run(t, "", append(args, "--stack", "infobip-otp-nowhere")...)
	want(t, got.stderr, "there is no stack infobip-otp-nowhere here", "hint: look at --stack")
	if got.code != 1 {
		t.Errorf("exit code %d, want 1", got.code)
	}
}
