package messages

import (
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/sms"
)

// Report is a file as its writer wants to see it: each message as it will be, and what is
// wrong. Its JSON is scripted against.
type Report struct {
	Messages []Reported `json:"messages"`
	Faults   Faults     `json:"faults"`
}

// Reported is a message as it will be, with digits in the PIN's place. A nil member is
// something that its channel does not have, or an e-mail whose text Infobip keeps.
type Reported struct {
	Channel    otp.Channel   `json:"channel"`
	Locale     string        `json:"locale"`
	Text       *string       `json:"text"`
	Characters *int          `json:"characters"`
	Encoding   *sms.Encoding `json:"encoding"`
	Segments   *int          `json:"segments"`
	Bytes      *int          `json:"bytes"`
}

// Lint reads a file and reports on it.
func Lint(data []byte, o Options) Report {
	file, faults := Parse(data, o)
	return NewReport(file, faults, o)
}

// NewReport reports on a file as [Parse] has read it with the same options.
func NewReport(file *File, faults Faults, o Options) Report {
	report := Report{Messages: make([]Reported, 0, len(file.Messages)), Faults: faults}
	if faults == nil {
		report.Faults = Faults{} // an array in JSON
	}
	for _, m := range file.Messages {
		report.Messages = append(report.Messages, m.report(o.samplePIN()))
	}
	return report
}

func (m *Message) report(pin string) Reported {
	reported := Reported{Channel: m.Channel, Locale: m.Locale.String()}
	if m.Text == "" {
		return reported
	}
	reported.Text = new(m.Delivered(pin))
	reported.Characters = new(m.characters(pin))
	if m.Channel == otp.SMS {
		size := m.Size(pin)
		reported.Encoding, reported.Segments, reported.Bytes = &size.Encoding, &size.Segments, &size.Bytes
	}
	return reported
}
