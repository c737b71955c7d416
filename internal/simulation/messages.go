package simulation

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Senders of messages that name none.
const (
	usualSender = "InfoSMS"
	usualFrom   = "Your code <codes@example.com>"
)

// Provision makes the templates of a file's messages, and writes their e-mails, with PINs of so
// many digits. It returns the list of them. A message that was listed before keeps its id; the
// default text message else has that of the simulation's one template.
func (s *Simulation) Provision(file *messages.File, listed catalog.List, pinLength int) (catalog.List, error) {
	list := make(catalog.List, len(file.Messages))
	templates := make([]simulator.Template, len(file.Messages))
	used := map[string]bool{}
	for i, m := range file.Messages {
		entry := file.Entry(m)
		if j := slices.IndexFunc(listed, func(e catalog.Entry) bool { return e.Channel == entry.Channel && e.Locale == entry.Locale }); j >= 0 {
			entry.ID = listed[j].ID
		} else if m.Channel == otp.SMS && entry.Locale.IsZero() {
			entry.ID = s.MessageID
		}
		if used[entry.ID] {
			entry.ID = "" // an id that is listed twice
		}
		used[entry.ID] = entry.ID != ""
		list[i], templates[i] = entry, templateOf(m)
		templates[i].ID = entry.ID
	}
	if err := s.writeEmails(file, templates); err != nil {
		return nil, err
	}
	ids, err := s.Account.ProvisionTemplates(s.ApplicationID, pinLength, templates)
	if err != nil {
		return nil, fmt.Errorf("making the messages: %w", err)
	}
	for i, id := range ids {
		list[i].ID = id
	}
	return list, nil
}

func templateOf(m messages.Message) simulator.Template {
	t := m.Template
	if m.Channel == otp.Email {
		return simulator.Template{EmailTemplateID: t.EmailTemplateID, From: cmp.Or(t.From, usualFrom)}
	}
	return simulator.Template{
		Text: t.Text, Sender: cmp.Or(t.Sender, usualSender), Language: t.Language, Voice: t.Voice, Rate: t.Rate, Repeat: t.Repeat,
	}
}

// writeEmails writes the texts of the file's e-mails under their numbers. One that has no number
// at Infobip yet gets one here.
func (s *Simulation) writeEmails(file *messages.File, templates []simulator.Template) error {
	taken := map[int64]bool{}
	for _, t := range templates {
		taken[t.EmailTemplateID] = true
	}
	next := int64(0)
	for i, m := range file.Messages {
		if m.Channel != otp.Email {
			continue
		}
		t := &templates[i]
		for t.EmailTemplateID == 0 {
			if next++; !taken[next] {
				t.EmailTemplateID = next
			}
		}
		if m.Text == "" {
			continue // Infobip's alone: the code stands for it
		}
		if err := s.Account.WriteEmail(t.EmailTemplateID, m.Text); err != nil {
			return fmt.Errorf("writing the e-mail %s: %w", m.Locale, err)
		}
	}
	return nil
}
