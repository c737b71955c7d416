package catalog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

// SendersForm is what ParseSenders takes, to stand behind "must be".
const SendersForm = "a list of senders by region such as US=18335550100,SG=Example, each region once"

// maxSender is as long as a number with its country, or more.
const maxSender = 16

// Sender is who a message to a region comes from, where that is not the template's.
type Sender struct {
	// Region is an ISO 3166-1 alpha-2 code, or 001.
	Region string
	// From is a number or a name.
	From string
}

// Senders are the regions that have a sender of their own.
type Senders []Sender

// ParseSenders reads a list; spaces around an entry count for nothing. Its error names the
// entry by its number and shows nothing of it.
func ParseSenders(text string) (Senders, error) {
	if len(text) > MaxList {
		return nil, fmt.Errorf("it has more than %d characters", MaxList)
	}
	senders := make(Senders, 0, strings.Count(text, ",")+1)
	for part := range strings.SplitSeq(text, ",") {
		region, from, _ := strings.Cut(strings.Trim(part, " "), "=")
		senders = append(senders, Sender{Region: region, From: from})
	}
	if err := senders.Check(); err != nil {
		return nil, err
	}
	return senders, nil
}

// Check returns what keeps senders from being a list that ParseSenders reads.
func (s Senders) Check() error {
	for i, sender := range s {
		err := sender.check()
		if err == nil && s[:i].For(sender.Region) != "" {
			err = errors.New("its region stands before")
		}
		if err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return nil
}

func (s Sender) check() error {
	switch {
	case !phone.IsRegion(s.Region):
		return errors.New("there is no such region")
	case s.From == "" || len(s.From) > maxSender || s.From != strings.TrimSpace(s.From),
		strings.ContainsFunc(s.From, func(r rune) bool { return r < ' ' || r > '~' || r == ',' || r == '=' }):
		return fmt.Errorf("its sender is not 1 to %d characters of ASCII", maxSender)
	}
	return nil
}

// For returns the sender of a region; empty for the template's own.
func (s Senders) For(region string) string {
	for _, sender := range s {
		if sender.Region == region {
			return sender.From
		}
	}
	return ""
}

// String writes the senders as ParseSenders reads them.
func (s Senders) String() string {
	texts := make([]string, len(s))
	for i, sender := range s {
		texts[i] = sender.Region + "=" + sender.From
	}
	return strings.Join(texts, ",")
}
