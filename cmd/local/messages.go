package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	infobipotp "github.com/seed-a131a524/infobip-otp"
	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// messagesFile is the file of messages where none is named.
const messagesFile = "messages.yaml"

// localHost is the page to which a phone offers a code of this machine's, where the file names
// no host (https://wicg.github.io/sms-one-time-codes/).
const localHost = "localhost"

// readMessages reads the file of messages, or the program's own where none is named and none is
// there. What is wrong has its line and column.
func (c *config) readMessages() error {
	name := cmp.Or(c.messagesFile, messagesFile)
	data, err := messages.ReadFile(name)
	c.textsFrom = name
	if c.messagesFile == "" && errors.Is(err, fs.ErrNotExist) {
		data, err, c.textsFrom = infobipotp.Messages, nil, "the program's own, for there is no "+messagesFile+" here"
	}
	if err != nil {
		return fmt.Errorf("MESSAGES_FILE: %w", err)
	}
	options := messages.Options{PINLength: c.Form.PINLength, WebOTP: localHost}
	file, faults := messages.Parse(data, options)
	var lines []error
	for _, fault := range faults {
		lines = append(lines, fmt.Errorf("%s:%s", name, fault))
	}
	c.texts, c.report = file, new(messages.NewReport(file, faults, options))
	if len(lines) == 0 {
		lines = c.lacking(name)
	}
	return errors.Join(lines...)
}

// lacking are the channels that somebody has offered, and for which neither the file nor the
// one template has a message.
func (c *config) lacking(name string) []error {
	if c.offersAll {
		return nil
	}
	written := catalog.Catalog{Standard: c.Infobip.MessageID != ""}
	for _, m := range c.texts.Messages {
		written.List = append(written.List, c.texts.Entry(m))
	}
	var faults []error
	for _, channel := range c.Guard.Channels {
		if !written.Has(channel) {
			faults = append(faults, fmt.Errorf("%s has no message by %s, which CHANNELS offers: write one, or offer the others", name, channel))
		}
	}
	return faults
}

// say puts the messages into the simulator, and tells the gateway of them.
func (c *config) say(running *simulation.Simulation) error {
	list, err := running.Provision(c.texts, c.Messages, c.Form.PINLength)
	if err != nil {
		return err
	}
	c.Messages, c.Ending, c.Senders = list, c.texts.Ending(), c.texts.Senders
	return nil
}

// locales are the languages of the simulator's messages, in the file's order.
func (c *config) locales() []string {
	found := []string{}
	if c.texts == nil {
		return found
	}
	for _, m := range c.texts.Messages {
		if name := m.Locale.String(); !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

// summary is what the simulator's messages come to, in one line.
func (c *config) summary() string {
	text := fmt.Sprintf("%s (%s)", strings.Join(c.locales(), " "), c.textsFrom)
	if len(c.texts.Of(otp.SMS)) > 0 && c.texts.WebOTP == "" {
		text += ", and no last line @" + localHost + ": an SMS has no room for it"
	}
	return text
}
