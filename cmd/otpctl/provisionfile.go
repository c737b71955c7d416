package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// oneTemplate are the flags about the one template that there is without a file of messages.
var oneTemplate = []string{"text", "message-id", "sender", "language"}

// fileToUse is the file of messages, or empty where there is one template without it.
func (p *provision) fileToUse() (string, error) {
	named := slices.DeleteFunc(slices.Clone(oneTemplate), func(flag string) bool { return !p.named(flag) })
	switch {
	case p.named("messages") && p.messages != "" && len(named) > 0:
		return "", fails(fmt.Errorf("--%s is about the one template that there is without --messages", named[0]), "write it into "+p.messages+", or leave --messages away")
	case p.named("messages"):
		return p.messages, nil
	case len(named) > 0:
		return "", nil
	}
	_, err := os.Stat(messagesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return messagesFile, nil
}

// readMessages reads the file and what it comes to at Infobip. Whatever is wrong with it stops
// before anything else.
func (p *provision) readMessages(name string, gateway app.Config) (*messages.File, []*entry, error) {
	data, err := messages.ReadFile(name)
	if err != nil {
		return nil, nil, fails(err, "name the file of messages with --messages, or do without: --messages=")
	}
	options := messages.Options{PINLength: gateway.Form.PINLength, Deployed: !onThisMachine(gateway)}
	file, faults := messages.Parse(data, options)
	held, simulated := entriesOf(file, p.policy.pinLength)
	offersEmail := slices.Contains(gateway.Guard.Channels, otp.Email)
	if offersEmail {
		for _, m := range simulated {
			faults = append(faults, messages.Fault{Line: m.Line, Column: m.Column, Sentence: nameOf(m) + " has no templateId, and CHANNELS offers email"})
		}
	}
	if len(faults) > 0 {
		var lines []error
		for _, f := range faults {
			lines = append(lines, fmt.Errorf("%s:%s", name, f))
		}
		return nil, nil, fails(errors.Join(lines...), "otpctl messages lint "+name+" shows the messages; nothing was changed")
	}
	if offersEmail && len(file.Of(otp.Email)) == 0 {
		return nil, nil, fails(fmt.Errorf("CHANNELS offers email, and %s has no message for it", name), "write one under email:, with its templateId")
	}
	warnOfParts(p.ui, messages.NewReport(file, faults, options))
	if len(simulated) > 0 {
		names := make([]string, len(simulated))
		for i, m := range simulated {
			names[i] = nameOf(m)
		}
		p.ui.say("%s without templateId: passed over, for Infobip keeps the texts of e-mails", strings.Join(names, ", "))
	}
	return file, held, nil
}

// onThisMachine reports whether the Infobip is a simulator on this machine: plain http is taken for
// nobody else, unless that is allowed.
func onThisMachine(gateway app.Config) bool {
	base, err := infobip.ParseBaseURL(gateway.Infobip.BaseURL, true)
	if err != nil {
		return false
	}
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	_, err = infobip.ParseBaseURL("http://"+u.Host, false)
	return err == nil
}

// reconcileFile brings the application to the policy and its templates to the file, or shows
// what that would take. It returns the lines for the functions' environment, as far as all of
// it exists.
func (p *provision) reconcileFile(ctx context.Context, api *infobip.Provisioner, gateway app.Config, file *messages.File, entries []*entry) ([]line, error) {
	want, found, err := p.applications(ctx, api)
	if err != nil {
		return nil, err
	}
	var templates []infobip.Message
	if found.ID != "" {
		templates, err = saying(p.ui, "looking at the message templates", func() ([]infobip.Message, error) { return api.Messages(ctx, found.ID) })
		if err != nil {
			return nil, err
		}
	}
	for _, sentence := range match(entries, templates, gateway.Messages) {
		p.ui.warn("%s", sentence)
	}

	// All is shown before anything is changed.
	changes := differences(applicationMembers(found), applicationMembers(want))
	p.show(fmt.Sprintf("application %q", want.Name), found.ID, changes)
	toChange := len(changes)
	for _, e := range entries {
		p.show(e.name, e.found.ID, e.differences())
		toChange += len(e.differences())
		for _, extra := range extras(e.found, e.want) {
			p.ui.say("  %s: %s stays: the file has none, and Infobip takes nothing out of a template", extra.name, extra.text)
		}
	}
	for _, t := range unused(entries, templates) {
		p.ui.say("unused: %s; it stays at Infobip, which deletes none", recognisable(t))
	}
	switch {
	case toChange == 0:
		p.ui.say("nothing to change")
		return p.lines(gateway, file, found.ID, entries)
	case p.dryRun:
		p.ui.say("dry run: nothing was changed")
		lines, err := p.lines(gateway, file, found.ID, entries)
		return lines, cmp.Or(err, errWouldChange)
	}
	want.ID = found.ID
	applicationID, err := p.applyApplication(ctx, api, want, changes)
	if err != nil {
		p.left(entries, nil)
		return nil, err
	}
	for i, e := range entries {
		if err := p.applyEntry(ctx, api, applicationID, e); err != nil {
			p.left(entries[i:], err)
			return nil, err
		}
	}
	return p.lines(gateway, file, applicationID, entries)
}

// left says what has not been done when something failed: of what was done each has its line
// already.
func (p *provision) left(entries []*entry, err error) {
	var names []string
	for i, e := range entries {
		if len(e.differences()) == 0 {
			continue
		}
		call, _ := errors.AsType[*infobip.CallError](err)
		if i == 0 && call != nil && call.Sent && (call.Status == 0 || call.Status >= http.StatusInternalServerError) {
			p.ui.say("%s may have been done, and may not", e.name)
			continue
		}
		names = append(names, e.name)
	}
	if len(names) > 0 {
		p.ui.say("not done: %s", strings.Join(names, ", "))
	}
	p.ui.say("run it again: what was done is found again, and done once")
}

// applyEntry makes or changes the template of an entry, if it has to be.
func (p *provision) applyEntry(ctx context.Context, api *infobip.Provisioner, applicationID string, e *entry) error {
	if e.found.ID != "" && len(e.differences()) == 0 {
		return nil
	}
	call, done := api.UpdateMessage, "updated"
	if e.found.ID == "" {
		call, done = api.CreateMessage, "created"
	}
	got, err := p.patiently(ctx, e.name, func() (infobip.Message, error) {
		return saying(p.ui, "changing "+e.name, func() (infobip.Message, error) { return call(ctx, e.request(applicationID)) })
	})
	if err != nil {
		return err
	}
	e.found = got
	p.ui.say("%s: template %s %s", e.name, got.ID, done)
	return notTaken(e.differences())
}

// usualPause is that between two tries where Infobip does not say how long it throttles.
const usualPause = time.Minute

// patiently makes a call again for as long as Infobip throttles it, up to --wait.
func (p *provision) patiently(ctx context.Context, what string, call func() (infobip.Message, error)) (infobip.Message, error) {
	for left := p.wait.value; ; {
		got, err := call()
		refused, _ := errors.AsType[*infobip.CallError](err)
		if refused == nil || refused.Status != http.StatusTooManyRequests {
			return got, err
		}
		wait := cmp.Or(refused.RetryAfter, min(usualPause, left))
		if wait <= 0 || wait > left {
			return got, err
		}
		left -= wait
		p.ui.say("Infobip throttles (20 new templates of e-mails in 10 minutes): %s is tried again in %s; Ctrl-C ends it, and another run goes on from there", what, span(wait))
		if pause(ctx, wait) != nil {
			return got, err
		}
	}
}

// lines are those of the functions' environment, or none while something is still to be made.
func (p *provision) lines(gateway app.Config, file *messages.File, applicationID string, entries []*entry) ([]line, error) {
	if applicationID == "" || slices.ContainsFunc(entries, func(e *entry) bool { return e.found.ID == "" }) {
		return nil, nil
	}
	list := listOf(entries)
	if _, err := catalog.Parse(list.String()); err != nil && len(list) > 0 {
		return nil, fails(fmt.Errorf("functions would not start with the list of these templates: %w", err),
			"the templates are there, with ids that were not foreseen: tell the makers of this program")
	}
	lines := []line{{"INFOBIP_2FA_APP_ID", applicationID}}
	if standard := standardOf(list, gateway.Infobip.MessageID); standard != "" {
		lines = append(lines, line{"INFOBIP_2FA_MSG_ID", standard})
	} else {
		for _, channel := range list.OnStandard(gateway.Guard.Channels) {
			p.ui.warn("CHANNELS offers %[1]s, and there is no message for it, so that functions do not start: write one into the file, make the one template with --messages= before, or take %[1]s out of CHANNELS", channel)
		}
	}
	return append(lines,
		line{"INFOBIP_2FA_MESSAGES", list.String()},
		line{"INFOBIP_SMS_ENDING", file.Ending().String()},
		line{"INFOBIP_SENDERS", file.Senders.String()},
	), nil
}
