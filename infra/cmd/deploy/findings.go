package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// finding is one sentence, and the commands that help.
type finding struct {
	sentence string
	commands []string
}

func (f finding) String() string {
	return strings.Join(append([]string{f.sentence}, f.commands...), "\n    ")
}

// findings are what stands in the way, and what is only worth knowing.
type findings struct{ stops, notes []finding }

func (f *findings) stop(sentence string, commands ...string) {
	f.stops = append(f.stops, finding{sentence, commands})
}

func (f *findings) note(sentence string, commands ...string) {
	f.notes = append(f.notes, finding{sentence, commands})
}

// unseen notes that something could not be looked at: who may not read all of an account may still
// be allowed to deploy to it.
func (f *findings) unseen(what, action string, err error) {
	if answer, ok := errors.AsType[smithy.APIError](err); ok {
		switch answer.ErrorCode() {
		case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation":
			f.note(what + " was not looked at: the role may not " + action)
			return
		}
		f.note(fmt.Sprintf("%s was not looked at (%s): %s", what, action, answer.ErrorCode()))
		return
	}
	f.note(fmt.Sprintf("%s was not looked at (%s): %v", what, action, err))
}

// report prints the notes, and returns everything that stands in the way as one error.
func (f *findings) report(notes io.Writer, refusal string) error {
	for _, n := range f.notes {
		_, err := fmt.Fprintf(notes, "note: %s\n", n)
		if err != nil {
			return fmt.Errorf("writing a note: %w", err)
		}
	}
	if len(f.stops) == 0 {
		return nil
	}
	lines := []string{refusal + ":"}
	for _, s := range f.stops {
		lines = append(lines, "- "+s.String())
	}
	return errors.New(strings.Join(lines, "\n"))
}

// missing is everything that is not there at all, in one sentence.
func (f *findings) missing(names []string) {
	if len(names) > 0 {
		f.stop("this is missing: " + strings.Join(names, "; "))
	}
}

// settings is what is there and wrong; what is not there has its place in [findings.missing].
func (f *findings) settings(unread error, p props.Props) {
	absent := append(p.Undecided(), p.MissingForDeployment()...)
	for name, sentence := range props.Sentences(p.Faults(unread)) {
		if !slices.Contains(absent, name) {
			f.stop(sentence)
		}
	}
}

// missingSettings returns the settings without which nothing is deployed.
func missingSettings(p props.Props) []string {
	var missing []string
	if infobip := p.MissingForDeployment(); len(infobip) > 0 {
		instead := ""
		if slices.Contains(infobip, "INFOBIP_2FA_MSG_ID") {
			instead = "; instead of INFOBIP_2FA_MSG_ID, INFOBIP_2FA_MESSAGES may have " + defaults(p.OnMessageID())
		}
		missing = append(missing, strings.Join(infobip, ", ")+" (as `otpctl provision` prints them"+instead+")")
	}
	if undecided := p.Undecided(); len(undecided) > 0 {
		missing = append(missing, strings.Join(undecided, ", ")+" (README says what there is to decide)")
	}
	return missing
}

// defaults are the entries of a list of messages that serve channels in any language.
func defaults(channels []otp.Channel) string {
	entries := make([]string, len(channels))
	for i, channel := range channels {
		entries[i] = string(channel) + "/*"
	}
	return strings.Join(entries, " and ")
}

// identify finds out whose credentials these are, and reports whether anybody's.
func (f *findings) identify(ctx context.Context, a *account) bool {
	refused := a.identify(ctx)
	if refused == nil {
		return true
	}
	f.stops = append(f.stops, *refused)
	return false
}
