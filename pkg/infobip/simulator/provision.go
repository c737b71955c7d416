package simulator

import (
	"fmt"
	"math"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Settings are the gateway's own, by the names of its environment. Zero values
// mean the gateway's defaults, with one exception: VerifySpacing of zero is no
// spacing, as VERIFY_SPACING=0s says.
type Settings struct {
	// ApplicationID and MessageID are the ids to create; empty draws them.
	ApplicationID string
	MessageID     string
	// PINLength, PINAttempts, PINTTL, VerifySpacing and NumberSendLimit are
	// PIN_LENGTH and so on.
	PINLength       int
	PINAttempts     int
	PINTTL          time.Duration
	VerifySpacing   time.Duration
	NumberSendLimit rate.Rate
	// MessageText and SenderID are the template's. Default: "Your code is
	// {{pin}}." from InfoSMS.
	MessageText string
	SenderID    string
}

// DefaultSettings are the gateway's defaults.
func DefaultSettings() Settings {
	return Settings{
		PINLength:       6,
		PINAttempts:     5,
		PINTTL:          10 * time.Minute,
		VerifySpacing:   3 * time.Second,
		NumberSendLimit: rate.Rate{Attempts: 3, Window: rate.Day},
		MessageText:     "Your code is {{pin}}.",
		SenderID:        "InfoSMS",
	}
}

func (s Settings) withDefaults() Settings {
	defaults := DefaultSettings()
	if s.PINLength == 0 {
		s.PINLength = defaults.PINLength
	}
	if s.PINAttempts == 0 {
		s.PINAttempts = defaults.PINAttempts
	}
	if s.PINTTL == 0 {
		s.PINTTL = defaults.PINTTL
	}
	if s.NumberSendLimit == (rate.Rate{}) {
		s.NumberSendLimit = defaults.NumberSendLimit
	}
	if s.MessageText == "" {
		s.MessageText = defaults.MessageText
	}
	if s.SenderID == "" {
		s.SenderID = defaults.SenderID
	}
	return s
}

// What the provisioned application allows beyond the gateway's own limits. The
// gateway is to decide, and the two do not count alike: its windows start a
// moment sooner than ours, and it gives back what was not sent or debits a
// repeated verify once.
const (
	tryHeadroom   = 2
	sendHeadroom  = 10
	lifeHeadroom  = time.Minute
	perAppPerDay  = 1_000_000_000
	freeOfSpacing = "1000000000/1s"
)

// Provision creates, and returns the ids of, an application and an SMS template for a gateway with these
// settings, looser than they are, so that the gateway's own limits decide.
// Where the ids exist already, what they name is replaced.
func (s *Simulator) Provision(settings Settings) (string, string, error) {
	settings = settings.withDefaults()
	app, refused := newApplication(orNewID(settings.ApplicationID)).apply(applicationRequest{
		Name:          "infobip-otp",
		Configuration: settings.configuration(),
	})
	if refused != nil {
		return "", "", fmt.Errorf("provisioning the simulator's application: %s", refused.sentence())
	}
	blank := template{ID: orNewID(settings.MessageID), ApplicationID: app.ID, PINPlaceholder: pinPlaceholder}
	text, refused := blank.applyText(textRequest{
		MessageText: &settings.MessageText,
		PINType:     new(defaultPINType),
		PINLength:   new(toInt32(settings.PINLength)),
		SenderID:    &settings.SenderID,
		Language:    new("en"),
	}, s.options.Strict)
	if refused != nil {
		return "", "", fmt.Errorf("provisioning the simulator's template: %s", refused.sentence())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applications.put(app.ID, app)
	s.templates.put(text.ID, text)
	return app.ID, text.ID, nil
}

// Template is a message template to provision. Empty members are left out; Text to Repeat are
// of SMS and voice, the others of e-mail.
type Template struct {
	ID       string // drawn if empty
	Text     string
	Sender   string
	Language string
	Voice    string
	Rate     float64
	Repeat   string

	EmailTemplateID int64 // that of an e-mail, whose text WriteEmail writes
	From            string
}

// ProvisionTemplates makes templates of an application with PINs of so many digits, and
// returns their ids in the same order. One that exists is replaced. It makes all or none.
func (s *Simulator) ProvisionTemplates(applicationID string, pinLength int, templates []Template) ([]string, error) {
	made := make([]*template, len(templates))
	for i, wanted := range templates {
		blank := template{ID: orNewID(wanted.ID), ApplicationID: applicationID}
		var refused *refusal
		if wanted.EmailTemplateID != 0 {
			made[i], refused = blank.applyEmail(emailRequest{
				EmailTemplateID: &wanted.EmailTemplateID, From: orNil(wanted.From),
				PINType: new(defaultPINType), PINLength: new(toInt32(pinLength)),
			})
		} else {
			blank.PINPlaceholder = pinPlaceholder
			made[i], refused = blank.applyText(textRequest{
				MessageText: &wanted.Text, PINType: new(defaultPINType), PINLength: new(toInt32(pinLength)), SenderID: orNil(wanted.Sender),
				Language: orNil(wanted.Language), VoiceName: orNil(wanted.Voice), SpeechRate: orNil(wanted.Rate), RepeatDTMF: orNil(wanted.Repeat),
			}, s.options.Strict)
		}
		if refused != nil {
			return nil, fmt.Errorf("provisioning the simulator's template %d: %s", i+1, refused.sentence())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, len(made))
	for i, t := range made {
		s.templates.put(t.ID, t)
		ids[i] = t.ID
	}
	return ids, nil
}

// orNil returns what a request has for a member that is left out where it is zero.
func orNil[T comparable](value T) *T {
	if value == *new(T) {
		return nil
	}
	return &value
}

func (s Settings) configuration() *configuration {
	verifyLimit := freeOfSpacing
	if s.VerifySpacing > 0 {
		// A tenth less, because two calls three seconds apart can arrive closer.
		window := max(s.VerifySpacing-s.VerifySpacing/10, time.Millisecond)
		verifyLimit = rate.Rate{Attempts: 1, Window: min(window, oneDay)}.String()
	}
	perNumber := rate.Rate{Attempts: times(s.NumberSendLimit.Attempts, sendHeadroom), Window: min(s.NumberSendLimit.Window, oneYear)}
	return &configuration{
		PINAttempts:                   new(toInt32(times(s.PINAttempts, tryHeadroom))),
		AllowMultiplePINVerifications: new(true),
		PINTimeToLive:                 new(rate.FormatDuration(min(s.PINTTL+lifeHeadroom, oneYear))),
		VerifyPINLimit:                &verifyLimit,
		SendPINPerApplicationLimit:    new(rate.Rate{Attempts: perAppPerDay, Window: rate.Day}.String()),
		SendPINPerPhoneNumberLimit:    new(perNumber.String()),
	}
}

// times multiplies without leaving the range of an int32.
func times(count, headroom int) int {
	if count > math.MaxInt32/headroom {
		return math.MaxInt32
	}
	return count * headroom
}

// toInt32 narrows to the contract's type; a number beyond it is refused as the
// nearest one that fits.
func toInt32(n int) int32 {
	switch {
	case n > math.MaxInt32:
		return math.MaxInt32
	case n < math.MinInt32:
		return math.MinInt32
	}
	return int32(n)
}

func orNewID(id string) string {
	if id == "" {
		return newID()
	}
	return id
}

// sentence writes the reasons of a refusal for a person.
func (r refusal) sentence() string {
	for _, member := range sortedKeys(r.violations) {
		return member + " " + r.violations[member][0]
	}
	return r.text
}
