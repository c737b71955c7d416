package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/app/guards"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

const deployMessages = "otpctl provision --messages, what it prints into deploy.env, and make deploy"

// told is what the function that sends knows of messages.
type told struct {
	catalog  catalog.Catalog
	standard string
	ending   catalog.Ending
	senders  catalog.Senders
	offered  []otp.Channel
	digits   int
}

// told reads it by itself, so that another setting's fault hides nothing of it.
func (v *visit) told() (told, bool) {
	send := v.functions["send"]
	if send == nil || send.found == nil {
		return told{}, false
	}
	environment := send.environment()
	r := settings.NewReader(func(name string) string { return environment[name] })
	t := told{
		standard: r.Text("INFOBIP_2FA_MSG_ID"), digits: r.Number("PIN_LENGTH"), offered: guards.Channels(r),
		ending:  settings.Value[catalog.Ending](r, "INFOBIP_SMS_ENDING"),
		senders: settings.Value[catalog.Senders](r, "INFOBIP_SENDERS"),
	}
	t.catalog = catalog.Catalog{List: settings.Value[catalog.List](r, "INFOBIP_2FA_MESSAGES"), Standard: t.standard != ""}
	return t, r.Err() == nil
}

// checkMessages holds the list that the functions have against the account, and against the
// file that it was made from.
func checkMessages(ctx context.Context, v *visit) []finding {
	t, known := v.told()
	if !known {
		return unknown("what the function send knows of messages")
	}
	var found []finding
	if err := t.catalog.Check(t.offered); err != nil {
		for sentence := range strings.SplitSeq(err.Error(), "\n") {
			found = append(found, failed(deployMessages, "send does not start: %s", sentence)...)
		}
	}
	if v.application == nil {
		return append(found, unknown("the application is not known")...)
	}
	templates, err := v.provisioner.Messages(ctx, v.application.ID)
	if err != nil {
		return append(found, failed("run it again", "the message templates cannot be read: %s", err)...)
	}
	for _, in := range t.catalog.List {
		found = append(found, v.checkEntry(ctx, in, templates, t)...)
	}
	held, fileFound := v.compareFile(t, templates)
	found = append(found, fileFound...)
	if len(t.catalog.List) == 0 {
		return orElse(found, "no list of messages: text messages and calls in every language are the one template")
	}
	found = orElse(found, "%s, each a template of the application%s", count(len(t.catalog.List), "message"), held)
	if idle := idleTemplates(t, templates); len(idle) > 0 {
		found = append(found, okay("unused, for Infobip deletes none: %s", strings.Join(idle, ", "))...)
	}
	return found
}

// inList is an entry as the list has it, without its id.
func inList(in catalog.Entry) string {
	name, _, _ := strings.Cut(in.String(), "=")
	return name
}

// checkEntry holds an entry of the list against its template.
func (v *visit) checkEntry(ctx context.Context, in catalog.Entry, templates []infobip.Message, t told) []finding {
	i := slices.IndexFunc(templates, func(m infobip.Message) bool { return m.ID == in.ID })
	switch {
	case i < 0:
		return failed(deployMessages, "%s is the template %s, which the application does not have (%s): such sends fail", inList(in), in.ID, v.elsewhere(ctx, in.ID))
	case templates[i].IsEmail() != (in.Channel == otp.Email):
		return failed(deployMessages, "%s is the template %s, which is one of another kind: such sends fail", inList(in), in.ID)
	}
	var found []finding
	for _, f := range pinFaults(templates[i], t.digits) {
		f.Found = inList(in) + ": " + f.Found
		found = append(found, f)
	}
	if in.Channel == otp.SMS {
		for _, f := range endingFaults(templates[i], t.ending) {
			f.Found = inList(in) + ": " + f.Found
			found = append(found, f)
		}
	}
	return found
}

// mostApplications bounds in how many others a template is looked for.
const mostApplications = 10

// elsewhere says what is known of a template that our application has not: which other one has it,
// that none has, or that not all could be looked at.
func (v *visit) elsewhere(ctx context.Context, id string) string {
	const unknown = "whether another one has it is not known"
	all, err := v.provisioner.Applications(ctx)
	if err != nil {
		return unknown
	}
	for _, a := range all[:min(len(all), mostApplications)] {
		if a.ID == v.application.ID {
			continue
		}
		_, err := v.provisioner.Message(ctx, a.ID, id)
		if err == nil {
			return fmt.Sprintf("it is one of the application %s (%s)", a.ID, a.Name)
		}
		call, ok := errors.AsType[*infobip.CallError](err)
		if !ok || call.Status != http.StatusNotFound {
			return unknown
		}
	}
	if len(all) > mostApplications {
		return unknown
	}
	return "the account has no such template"
}

// idleTemplates are those that no message of the functions has.
func idleTemplates(t told, templates []infobip.Message) []string {
	var idle []string
	for _, m := range templates {
		if m.ID != t.standard && !slices.ContainsFunc(t.catalog.List, func(in catalog.Entry) bool { return in.ID == m.ID }) {
			idle = append(idle, recognisable(m))
		}
	}
	return idle
}

// readFile reads the file of messages that doctor is to compare with, if there is one.
func (v *visit) readFile(digits int, listed bool) (*messages.File, []finding) {
	name := v.messages
	if name == "" {
		if !listed {
			return nil, nil // a deployment without a list has nothing of a file
		}
		name = messagesFile
	}
	data, err := messages.ReadFile(name)
	if v.messages == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, warned("name it with --messages", "%s", err)
	}
	file, faults := messages.Parse(data, messages.Options{PINLength: digits})
	if len(faults) > 0 {
		return nil, warned("otpctl messages lint "+name, "not compared: %s has %s, the first at %s", name, count(len(faults), "fault"), faults[0])
	}
	return file, nil
}

// compareFile holds the list, the templates and the settings that go with them against the
// file. It returns what to say where they agree.
func (v *visit) compareFile(t told, templates []infobip.Message) (string, []finding) {
	file, found := v.readFile(t.digits, len(t.catalog.List) > 0)
	if file == nil {
		return "", found
	}
	name := v.messages
	if name == "" {
		name = messagesFile
	}
	entries, _ := entriesOf(file, t.digits)
	for _, e := range entries {
		id, listed := idIn(t.catalog.List, e.channel, e.listed().Locale)
		if !listed {
			found = append(found, warned(deployMessages, "%s has %s, which the functions do not know", name, e.name)...)
			continue
		}
		i := slices.IndexFunc(templates, func(m infobip.Message) bool { return m.ID == id && m.IsEmail() == (e.channel == otp.Email) })
		if i < 0 {
			continue // told above
		}
		e.found = templates[i]
		found = append(found, e.disagreements(name)...)
	}
	for _, in := range t.catalog.List {
		if !slices.ContainsFunc(entries, func(e *entry) bool { l := e.listed(); return l.Channel == in.Channel && l.Locale == in.Locale }) {
			found = append(found, warned(deployMessages+"; or write it into the file again", "%s is not in %s", inList(in), name)...)
		}
	}
	if made := file.Ending(); made != t.ending {
		found = append(found, warned(deployMessages, "INFOBIP_SMS_ENDING is %q, and %s makes it %q", t.ending, name, made)...)
	}
	if made := file.Senders.String(); made != t.senders.String() {
		found = append(found, warned(deployMessages, "INFOBIP_SENDERS is %q, and %s makes it %q", t.senders, name, made)...)
	}
	return ", as " + name + " has it", found
}

// disagreements are what the template of an entry has otherwise than the file. The PIN's are
// told whether there is a file or not.
func (e *entry) disagreements(file string) []finding {
	var texts []string
	for _, d := range e.differences() {
		if d.name != "pinType" && d.name != "pinLength" {
			texts = append(texts, d.String())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return warned("otpctl provision --messages brings Infobip to the file; or change the file", "%s is not as %s has it: %s", e.name, file, strings.Join(texts, ", "))
}

// pinFaults are what is wrong with the PINs of a template, of either kind.
func pinFaults(m infobip.Message, digits int) []finding {
	var found []finding
	if m.PinType == nil || *m.PinType != pinTypes[0] {
		found = append(found, failed(provisionAgain, "its PINs are not NUMERIC: the gateway refuses each")...)
	}
	if m.PinLength == nil || *m.PinLength != digits {
		found = append(found, failed(provisionAgain+"; or change PIN_LENGTH", "its PINs have not the %d digits of PIN_LENGTH: the gateway refuses each", digits)...)
	}
	return found
}

// endingPlaceholder is what a send fills with the lines of an SMS.
const endingPlaceholder = "{{ending}}"

// endingFaults are where a template and INFOBIP_SMS_ENDING do not go together.
func endingFaults(m infobip.Message, ending catalog.Ending) []finding {
	if m.Text == nil {
		return nil
	}
	has, twice := strings.Contains(*m.Text, endingPlaceholder), strings.HasSuffix(*m.Text, endingPlaceholder+pinPlaceholder)
	switch {
	case has && ending.IsZero():
		return failed(deployMessages, "its text has %s, and the functions have no INFOBIP_SMS_ENDING: people read the placeholder", endingPlaceholder)
	case !has && !ending.IsZero():
		return failed(deployMessages, "its text has no %s, and the functions have an INFOBIP_SMS_ENDING: no phone offers the code", endingPlaceholder)
	case has && twice != ending.HasHost():
		return failed(deployMessages, "its text ends with the code, and INFOBIP_SMS_ENDING with no host, or the other way round: no phone offers the code")
	}
	return nil
}

// bodyOf is a template's text without what stands there for the last lines of an SMS.
func bodyOf(text string) string {
	body, found := strings.CutSuffix(text, endingPlaceholder+pinPlaceholder)
	if !found {
		body = strings.TrimSuffix(text, endingPlaceholder)
	}
	return body
}
