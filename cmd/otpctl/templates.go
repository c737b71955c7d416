package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// entry is a message of the file beside the template that holds it at Infobip.
type entry struct {
	name    string // sms/de
	channel otp.Channel
	locale  locale.Tag
	in      catalog.Entry // as the list of messages has it, without an id
	want    infobip.Message
	// found is its template, without an ID where there is none.
	found infobip.Message
}

// entriesOf are the messages of a file that Infobip can hold, with PINs of so many digits, and
// those that are the simulator's alone.
func entriesOf(file *messages.File, digits int) ([]*entry, []messages.Message) {
	var held []*entry
	var simulated []messages.Message
	for _, m := range file.Messages {
		if m.ForSimulator() {
			simulated = append(simulated, m)
			continue
		}
		held = append(held, &entry{
			name: nameOf(m), channel: m.Channel, locale: m.Locale, in: file.Entry(m), want: templateOf(m, digits),
		})
	}
	return held, simulated
}

// nameOf is a message as it is spoken of.
func nameOf(m messages.Message) string { return string(m.Channel) + "/" + m.Locale.String() }

// listed is the entry as the list of messages has it.
func (e *entry) listed() catalog.Entry {
	in := e.in
	in.ID = e.found.ID
	return in
}

// differences are what has to be changed at Infobip.
func (e *entry) differences() []difference {
	return differences(messageMembers(e.found), messageMembers(e.want))
}

// templateOf is a message as the provider takes it.
func templateOf(m messages.Message, digits int) infobip.Message {
	t := m.Template
	if m.Channel == otp.Email {
		return infobip.Message{
			PinType: &pinTypes[0], PinLength: &digits,
			EmailTemplateID: &t.EmailTemplateID, From: orNil(t.From), LandingPageID: orNil(t.LandingPageID),
		}
	}
	template := infobip.Message{
		Text: &t.Text, PinType: &pinTypes[0], PinLength: &digits, SenderID: orNil(t.Sender), Language: orNil(t.Language),
		VoiceName: orNil(t.Voice), SpeechRate: orNil(t.Rate), RepeatDTMF: orNil(t.Repeat),
	}
	if t.IndiaDLT != nil {
		template.Regional = regionalOf(nil, *t.IndiaDLT)
	}
	return template
}

// orNil is what a template has for a member that is left out where it is zero.
func orNil[T comparable](value T) *T {
	if value == *new(T) {
		return nil
	}
	return &value
}

// indiaMember is that of India's registration among those of countries.
const indiaMember = "indiaDlt"

// regionalOf is a registration in India beside those of other countries that a template has.
func regionalOf(found json.RawMessage, india messages.IndiaDLT) json.RawMessage {
	countries := map[string]json.RawMessage{}
	_ = json.Unmarshal(found, &countries) // one of another form is none of ours
	if countries == nil {
		countries = map[string]json.RawMessage{}
	}
	countries[indiaMember], _ = json.Marshal(india) // texts, which always can be
	all, _ := json.Marshal(countries)
	return all
}

// indiaOf is a template's registration in India, if it has one.
func indiaOf(regional json.RawMessage) *messages.IndiaDLT {
	var countries map[string]json.RawMessage
	var india *messages.IndiaDLT
	if json.Unmarshal(regional, &countries) != nil || json.Unmarshal(countries[indiaMember], &india) != nil {
		return nil
	}
	return india
}

// registration is India's for a person.
func registration(i messages.IndiaDLT) string {
	text, _ := json.Marshal(i)
	return string(text)
}

// request is what brings the template to the entry. What the file does not know about is sent
// as it was, in case an update replaces the whole template.
func (e *entry) request(applicationID string) infobip.Message {
	merged := overlay(e.found, e.want)
	merged.ApplicationID = applicationID
	return merged
}

// same reports whether a template is of the entry's kind, and has its text and language. An
// e-mail's text is the number that Infobip keeps it under.
func (e *entry) same(t infobip.Message) bool {
	switch {
	case e.channel == otp.Email:
		return t.IsEmail() && *t.EmailTemplateID == *e.want.EmailTemplateID
	case t.IsEmail() || t.Text == nil || *t.Text != *e.want.Text:
		return false
	}
	return language(t) == language(e.want)
}

// language is that of a template, which is English where it says nothing.
func language(t infobip.Message) string {
	if t.Language == nil {
		return infobip.Languages[0]
	}
	return *t.Language
}

// match finds each entry's template: the one that the list has for it, else one with the same
// text and language, and never any other. No template is for two. It returns what a person
// should know of the list.
func match(entries []*entry, templates []infobip.Message, list catalog.List) []string {
	m := matching{taken: map[string]bool{}, byID: map[string]infobip.Message{}}
	for _, t := range templates {
		m.byID[t.ID] = t
	}
	for _, e := range entries {
		m.byList(e, list, e.locale)
	}
	for _, e := range entries {
		if !e.in.Locale.IsZero() || e.found.ID != "" {
			continue
		}
		// Where another language has become the default, * is still the former one's.
		moved := slices.ContainsFunc(entries, func(other *entry) bool {
			former, listed := idIn(list, e.channel, locale.Tag{})
			return listed && other != e && other.channel == e.channel && other.found.ID == "" && other.same(m.byID[former]) && !e.same(m.byID[former])
		})
		if !moved {
			m.byList(e, list, locale.Tag{})
		}
	}
	// One that needs no change goes before one that does.
	for _, exactly := range []bool{true, false} {
		for _, e := range entries {
			for _, t := range templates {
				if e.found.ID == "" && !m.taken[t.ID] && e.same(t) && (!exactly || len(differences(messageMembers(t), messageMembers(e.want))) == 0) {
					m.take(e, t)
				}
			}
		}
	}
	return m.said
}

// matching is how far match has come.
type matching struct {
	byID  map[string]infobip.Message
	taken map[string]bool
	said  []string
}

func (m *matching) take(e *entry, t infobip.Message) { e.found, m.taken[t.ID] = t, true }

// byList takes the template that the list has under a locale.
func (m *matching) byList(e *entry, list catalog.List, under locale.Tag) {
	id, listed := idIn(list, e.channel, under)
	if !listed {
		return
	}
	t, exists := m.byID[id]
	switch {
	case !exists:
		m.said = append(m.said, fmt.Sprintf("%s: INFOBIP_2FA_MESSAGES has the template %s, which this application does not have", e.name, id))
	case t.IsEmail() != (e.channel == otp.Email):
		m.said = append(m.said, fmt.Sprintf("%s: INFOBIP_2FA_MESSAGES has the template %s, which is one of another kind", e.name, id))
	case m.taken[id]:
		m.said = append(m.said, fmt.Sprintf("%s: INFOBIP_2FA_MESSAGES has the template %s, which it has for another message too: this one gets its own", e.name, id))
	default:
		m.take(e, t)
	}
}

// idIn is the id of an entry of the list.
func idIn(list catalog.List, channel otp.Channel, under locale.Tag) (string, bool) {
	for _, in := range list {
		if in.Channel == channel && in.Locale == under {
			return in.ID, true
		}
	}
	return "", false
}

// unused are the templates that no entry has.
func unused(entries []*entry, templates []infobip.Message) []infobip.Message {
	return slices.DeleteFunc(slices.Clone(templates), func(t infobip.Message) bool {
		return slices.ContainsFunc(entries, func(e *entry) bool { return e.found.ID == t.ID })
	})
}

// recognisable is a template for who has to know it again.
func recognisable(t infobip.Message) string {
	if t.IsEmail() {
		return fmt.Sprintf("%s (e-mail %d)", t.ID, *t.EmailTemplateID)
	}
	if t.Text == nil {
		return t.ID
	}
	return fmt.Sprintf("%s (%s, %s)", t.ID, strconv.Quote(*t.Text), inOneWord(language(t)))
}

// extras are what a template has and the file does not name: Infobip takes nothing out of one.
func extras(found, want infobip.Message) []member {
	named := map[string]bool{}
	for _, m := range messageMembers(want) {
		named[m.name] = m.text != ""
	}
	// Infobip fills these in by itself.
	for _, filled := range []string{"language", "speechRate"} {
		named[filled] = true
	}
	return slices.DeleteFunc(messageMembers(found), func(m member) bool { return m.text == "" || named[m.name] })
}

// listOf is the list of messages that the functions are told.
func listOf(entries []*entry) catalog.List {
	list := make(catalog.List, len(entries))
	for i, e := range entries {
		list[i] = e.listed()
	}
	return list
}

// standardOf is the template of text messages and calls that the list has nothing for.
func standardOf(list catalog.List, before string) string {
	for _, channel := range []otp.Channel{otp.SMS, otp.Voice} {
		if id, listed := idIn(list, channel, locale.Tag{}); listed {
			return id
		}
	}
	return before
}
