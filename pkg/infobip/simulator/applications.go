package simulator

import (
	"fmt"
	"net/http"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// configuration is an application's configuration as it travels. In a request
// every member may be missing; in an answer none is.
type configuration struct {
	PINAttempts                   *int32  `json:"pinAttempts"`
	AllowMultiplePINVerifications *bool   `json:"allowMultiplePinVerifications"`
	PINTimeToLive                 *string `json:"pinTimeToLive"`
	VerifyPINLimit                *string `json:"verifyPinLimit"`
	SendPINPerApplicationLimit    *string `json:"sendPinPerApplicationLimit"`
	SendPINPerPhoneNumberLimit    *string `json:"sendPinPerPhoneNumberLimit"`
}

// defaultConfiguration has the vendor's six defaults.
func defaultConfiguration() configuration {
	return configuration{
		PINAttempts:                   new(int32(10)),
		AllowMultiplePINVerifications: new(true),
		PINTimeToLive:                 new("15m"),
		VerifyPINLimit:                new("1/3s"),
		SendPINPerApplicationLimit:    new("10000/1d"),
		SendPINPerPhoneNumberLimit:    new("3/1d"),
	}
}

// rules is a configuration that has been read and found good.
type rules struct {
	attempts      int
	allowMultiple bool
	timeToLive    time.Duration
	verifyLimit   rate.Rate
	perApp        rate.Rate
	perNumber     rate.Rate
}

// The longest periods the vendor accepts.
const (
	oneYear = 365 * rate.Day
	oneDay  = rate.Day
)

func (c configuration) rules(bad checks) rules {
	duration := func(member, value string) time.Duration {
		parsed, err := rate.ParseDuration(value)
		switch {
		case err != nil:
			bad.add(member, "must be a duration such as 10m")
		case parsed <= 0 || parsed > oneYear:
			bad.add(member, "must be above zero and at most one year")
		}
		return parsed
	}
	rate := func(member, value string, longest time.Duration) rate.Rate {
		parsed, err := rate.Parse(value)
		switch {
		case err != nil:
			bad.add(member, "must be a rate such as 1/3s")
		case parsed.Attempts < 1:
			bad.add(member, "must allow at least one attempt")
		case parsed.Window > longest:
			bad.add(member, fmt.Sprintf("must not exceed %s", rate.FormatDuration(longest)))
		}
		return parsed
	}
	bad.require(*c.PINAttempts >= 1, "configuration.pinAttempts", "must be at least 1")
	return rules{
		attempts:      int(*c.PINAttempts),
		allowMultiple: *c.AllowMultiplePINVerifications,
		timeToLive:    duration("configuration.pinTimeToLive", *c.PINTimeToLive),
		verifyLimit:   rate("configuration.verifyPinLimit", *c.VerifyPINLimit, oneDay),
		perApp:        rate("configuration.sendPinPerApplicationLimit", *c.SendPINPerApplicationLimit, oneYear),
		perNumber:     rate("configuration.sendPinPerPhoneNumberLimit", *c.SendPINPerPhoneNumberLimit, oneYear),
	}
}

// merge keeps what a request leaves out.
func (c configuration) merge(given configuration) configuration {
	return configuration{
		PINAttempts:                   override(c.PINAttempts, given.PINAttempts),
		AllowMultiplePINVerifications: override(c.AllowMultiplePINVerifications, given.AllowMultiplePINVerifications),
		PINTimeToLive:                 override(c.PINTimeToLive, given.PINTimeToLive),
		VerifyPINLimit:                override(c.VerifyPINLimit, given.VerifyPINLimit),
		SendPINPerApplicationLimit:    override(c.SendPINPerApplicationLimit, given.SendPINPerApplicationLimit),
		SendPINPerPhoneNumberLimit:    override(c.SendPINPerPhoneNumberLimit, given.SendPINPerPhoneNumberLimit),
	}
}

// applicationRequest is the body of POST and PUT.
type applicationRequest struct {
	Name          string         `json:"name"`
	Enabled       *bool          `json:"enabled"`
	Configuration *configuration `json:"configuration"`
}

// application is what the simulator knows, and answers, of one.
type application struct {
	ID            string        `json:"applicationId"`
	Name          string        `json:"name"`
	Enabled       bool          `json:"enabled"`
	Configuration configuration `json:"configuration"`

	rules rules
}

// apply returns a changed copy, or the reasons why the request is bad.
func (a application) apply(request applicationRequest) (*application, *refusal) {
	bad := checks{}
	bad.require(request.Name != "", "name", "must not be blank")
	a.Name = request.Name
	if request.Enabled != nil {
		a.Enabled = *request.Enabled
	}
	if request.Configuration != nil {
		a.Configuration = a.Configuration.merge(*request.Configuration)
	}
	a.rules = a.Configuration.rules(bad)
	return &a, bad.refusal()
}

func newApplication(id string) application {
	return application{ID: id, Enabled: true, Configuration: defaultConfiguration()}
}

func (s *Simulator) listApplications(*call) (answer, *refusal) {
	return succeed(http.StatusOK, s.applications.all()), nil
}

func (s *Simulator) createApplication(c *call) (answer, *refusal) {
	var request applicationRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	created, refused := newApplication(newID()).apply(request)
	if refused != nil {
		return answer{}, refused
	}
	if refused := s.roomFor(len(s.applications.ids)); refused != nil {
		return answer{}, refused
	}
	s.applications.put(created.ID, created)
	return succeed(s.options.CreateStatus, created), nil
}

func (s *Simulator) getApplication(c *call) (answer, *refusal) {
	found, refused := s.application(c.ids["appId"])
	if refused != nil {
		return answer{}, refused
	}
	return succeed(http.StatusOK, found), nil
}

func (s *Simulator) updateApplication(c *call) (answer, *refusal) {
	current, refused := s.application(c.ids["appId"])
	if refused != nil {
		return answer{}, refused
	}
	var request applicationRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	changed, refused := current.apply(request)
	if refused != nil {
		return answer{}, refused
	}
	s.applications.put(changed.ID, changed)
	return succeed(http.StatusOK, changed), nil
}

// application finds one, or refuses with 404. An application is never changed
// in place: who holds one sees it as it was.
func (s *Simulator) application(id string) (*application, *refusal) {
	found := s.applications.byID[id]
	if found == nil {
		missing := refuse(http.StatusNotFound).withText("Application not found")
		return nil, &missing
	}
	return found, nil
}

// roomFor refuses to keep more applications or templates than an honest user makes.
func (s *Simulator) roomFor(kept int) *refusal {
	if kept < mostKept {
		return nil
	}
	full := refuse(http.StatusBadRequest).withText("The simulator keeps no more of these")
	return &full
}
