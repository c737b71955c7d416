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

// ProvisionEmail creates, and returns the id of, an e-mail template of an application.
func (s *Simulator) ProvisionEmail(applicationID string, pinLength int) (string, error) {
	blank := template{ID: newID(), ApplicationID: applicationID}
	made, refused := blank.applyEmail(emailRequest{
		EmailTemplateID: new(int64(1)), // of no meaning here: the real one is a text that Infobip keeps
		From:            new("Your code <codes@example.com>"),
		PINType:         new(defaultPINType),
		PINLength:       new(toInt32(pinLength)),
	})
	if refused != nil {
		return "", fmt.Errorf("provisioning the simulator's e-mail template: %s", refused.sentence())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.templates.put(made.ID, made)
	return made.ID, nil
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
