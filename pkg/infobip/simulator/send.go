package simulator

import (
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// pin is a PIN that was sent, and what has become of it.
type pin struct {
	id            string
	applicationID string
	templateID    string
	to            string
	// destination is the key of `to` in limits and look-ups.
	destination  string
	channel      string
	code         string
	sender       string
	placeholders map[string]string
	// sentAt is when it was last delivered; zero if it never was.
	sentAt     time.Time
	expiresAt  time.Time
	tries      int
	verifiedAt time.Time
}

// sendRequest is the body of a send on any channel: e-mail has
// landingPagePlaceholders and no trackDelivery, the others the reverse.
type sendRequest struct {
	ApplicationID           string            `json:"applicationId"`
	MessageID               string            `json:"messageId"`
	To                      string            `json:"to"`
	From                    *string           `json:"from"`
	Placeholders            map[string]string `json:"placeholders"`
	TrackDelivery           *bool             `json:"trackDelivery"`
	LandingPagePlaceholders map[string]string `json:"landingPagePlaceholders"`
}

// resendRequest is the body of a resend; it may be missing altogether.
type resendRequest struct {
	Placeholders            map[string]string `json:"placeholders"`
	TrackDelivery           *bool             `json:"trackDelivery"`
	LandingPagePlaceholders map[string]string `json:"landingPagePlaceholders"`
}

var (
	lenientNumber = regexp.MustCompile(`\A\+?[0-9]{5,15}\z`)
	strictNumber  = regexp.MustCompile(`\A[1-9][0-9]{4,14}\z`)
)

func (s *Simulator) send(c *call) (answer, *refusal) {
	lookUp, refused := s.lookUpNeeded(c)
	if refused != nil {
		return answer{}, refused
	}
	var request sendRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	if refused := s.checkSend(c.route.channel, request); refused != nil {
		return answer{}, refused
	}
	app, refused := s.enabledApplication(request.ApplicationID)
	if refused != nil {
		return answer{}, refused
	}
	text, refused := s.template(app.ID, request.MessageID, c.route.channel == channelEmail)
	if refused != nil {
		return answer{}, refused
	}
	destination := destinationKey(request.To)
	if refused := s.countSend(app, destination); refused != nil {
		return answer{}, refused
	}
	code, err := generatePIN(s.random, pinAlphabets[*text.PINType], text.pinLength())
	if err != nil {
		failed := refuse(http.StatusInternalServerError)
		return answer{}, &failed
	}
	if s.options.SendCancelsOlder {
		s.cancelOlder(app.ID, destination)
	}
	now := s.now()
	made := &pin{
		id: c.fault.pinIDFor(newID()), applicationID: app.ID, templateID: text.ID,
		to: request.To, destination: destination, channel: c.route.channel,
		code: code, sender: senderOf(text, request.From), placeholders: request.Placeholders,
		expiresAt: now.Add(app.rules.timeToLive), tries: app.rules.attempts,
	}
	s.pins.put(made.id, made)
	s.pins.trim(mostKept)
	return s.deliver(c, made, delivery{lookUp: lookUp, track: isTrue(request.TrackDelivery), values: request.Placeholders}), nil
}

func (s *Simulator) resend(c *call) (answer, *refusal) {
	var request resendRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	bad := checks{}
	checkPlaceholders(bad, request.Placeholders)
	s.checkChannelMembers(bad, c.route.channel, request.TrackDelivery, request.LandingPagePlaceholders)
	if refused := bad.refusal(); refused != nil {
		return answer{}, refused
	}
	sent, refused := s.pin(c.ids["pinId"])
	if refused != nil {
		return answer{}, refused
	}
	now := s.now()
	if !now.Before(sent.expiresAt) {
		missing := refuse(http.StatusNotFound).withText("PIN not found")
		return answer{}, &missing
	}
	if (sent.channel == channelEmail) != (c.route.channel == channelEmail) {
		other := refuse(http.StatusBadRequest).withText("The PIN was sent over another kind of channel")
		return answer{}, &other
	}
	app, refused := s.enabledApplication(sent.applicationID)
	if refused != nil {
		return answer{}, refused
	}
	if s.options.ResendsCount {
		if refused := s.countSend(app, sent.destination); refused != nil {
			return answer{}, refused
		}
	}
	if s.options.ResendRenewsTTL {
		sent.expiresAt = now.Add(app.rules.timeToLive)
	}
	if changed := c.fault.pinIDFor(sent.id); changed != sent.id {
		s.pins.rename(sent.id, changed)
		sent.id = changed
	}
	values := sent.placeholders
	if request.Placeholders != nil {
		values = request.Placeholders
	}
	return s.deliver(c, sent, delivery{lookUp: s.options.NCOnResend, track: isTrue(request.TrackDelivery), values: values}), nil
}

// lookUpNeeded reads ncNeeded, which an SMS alone has; without it: true.
func (s *Simulator) lookUpNeeded(c *call) (bool, *refusal) {
	if c.route.channel != channelSMS {
		return false, nil
	}
	needed, refused := s.boolean(c.query, "ncNeeded")
	return needed == nil || *needed, refused
}

func (s *Simulator) checkSend(channel string, request sendRequest) *refusal {
	bad := checks{}
	bad.require(request.ApplicationID != "", "applicationId", "must not be blank")
	bad.require(request.MessageID != "", "messageId", "must not be blank")
	switch {
	case request.To == "":
		bad.add("to", "must not be blank")
	case channel == channelEmail:
		address, err := mail.ParseAddress(request.To)
		bad.require(err == nil && address.Address == request.To, "to", "must be an e-mail address")
	case s.options.Strict:
		bad.require(strictNumber.MatchString(request.To), "to", "must be a number in international format, digits only")
	default:
		bad.require(lenientNumber.MatchString(request.To), "to", "must be a number in international format")
	}
	checkPlaceholders(bad, request.Placeholders)
	s.checkChannelMembers(bad, channel, request.TrackDelivery, request.LandingPagePlaceholders)
	return bad.refusal()
}

func checkPlaceholders(bad checks, values map[string]string) {
	for _, name := range sortedKeys(values) {
		bad.require(name != "pin", "placeholders", "must not contain pin")
		bad.require(!strings.ContainsAny(name, "{}"), "placeholders", "must not contain curly brackets")
	}
}

// checkChannelMembers refuses, in strict mode, what another channel has.
func (s *Simulator) checkChannelMembers(bad checks, channel string, track *bool, landing map[string]string) {
	if !s.options.Strict {
		return
	}
	bad.require(channel != channelEmail || track == nil, "trackDelivery", "unknown member")
	bad.require(channel == channelEmail || landing == nil, "landingPagePlaceholders", "unknown member")
}

func (s *Simulator) enabledApplication(id string) (*application, *refusal) {
	app, refused := s.application(id)
	if refused != nil {
		return nil, refused
	}
	if !app.Enabled {
		disabled := refuse(http.StatusBadRequest).withText("The application is disabled")
		return nil, &disabled
	}
	return app, nil
}

// countSend counts a send in both limits, or in neither if one is used up.
func (s *Simulator) countSend(app *application, destination string) *refusal {
	now := s.now()
	perApp, perNumber := "application/"+app.ID, "number/"+app.ID+"/"+destination
	if s.windows.full(perApp, app.rules.perApp, now) || s.windows.full(perNumber, app.rules.perNumber, now) {
		return s.limitPassed()
	}
	s.windows.add(perApp, app.rules.perApp, now)
	s.windows.add(perNumber, app.rules.perNumber, now)
	return nil
}

func (s *Simulator) limitPassed() *refusal {
	passed := refuse(s.options.LimitStatus)
	if s.options.LimitStatus != http.StatusTooManyRequests {
		passed.text = "The request limit has been exceeded"
	}
	return &passed
}

func (s *Simulator) cancelOlder(applicationID, destination string) {
	now := s.now()
	for _, older := range s.pins.byID {
		if older.applicationID == applicationID && older.destination == destination && now.Before(older.expiresAt) {
			older.expiresAt = now
		}
	}
}

// pin finds one by its id, or refuses with 404 or as the options say.
func (s *Simulator) pin(id string) (*pin, *refusal) {
	found := s.pins.byID[id]
	if found == nil && s.options.UnknownPINBadRequest {
		bad := refuse(http.StatusBadRequest)
		return nil, &bad
	}
	if found == nil {
		missing := refuse(http.StatusNotFound).withText("PIN not found")
		return nil, &missing
	}
	return found, nil
}

func senderOf(t *template, from *string) string {
	switch {
	case from != nil:
		return *from
	case t.isEmail() && t.From != nil:
		return *t.From
	case t.SenderID != nil:
		return *t.SenderID
	}
	return ""
}

func isTrue(truth *bool) bool { return truth != nil && *truth }
