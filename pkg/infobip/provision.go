package infobip

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Application is a 2FA application: the provider's limits for the PINs of one
// use. A nil member is one that the answer did not have.
type Application struct {
	ID            string        `json:"applicationId,omitempty"`
	Name          string        `json:"name"`
	Enabled       *bool         `json:"enabled,omitempty"`
	Configuration Configuration `json:"configuration,omitzero"`
}

// Configuration holds an application's limits. Durations and rates are in the
// notation of package rate.
type Configuration struct {
	PinAttempts                   *int    `json:"pinAttempts,omitempty"`
	AllowMultiplePinVerifications *bool   `json:"allowMultiplePinVerifications,omitempty"`
	PinTimeToLive                 *string `json:"pinTimeToLive,omitempty"`
	VerifyPinLimit                *string `json:"verifyPinLimit,omitempty"`
	SendPinPerApplicationLimit    *string `json:"sendPinPerApplicationLimit,omitempty"`
	SendPinPerPhoneNumberLimit    *string `json:"sendPinPerPhoneNumberLimit,omitempty"`
}

// Message is a template: of SMS and voice messages, which have a Text, or of e-mails,
// whose text the provider keeps under the number EmailTemplateID. A list has both kinds. A
// nil member is one that the answer did not have; in an update it is one to leave as it is.
type Message struct {
	ID            string   `json:"messageId,omitempty"`
	ApplicationID string   `json:"applicationId,omitempty"`
	Text          *string  `json:"messageText,omitempty"`
	PinType       *string  `json:"pinType,omitempty"`
	PinLength     *int     `json:"pinLength,omitempty"`
	SenderID      *string  `json:"senderId,omitempty"`
	Language      *string  `json:"language,omitempty"`
	VoiceName     *string  `json:"voiceName,omitempty"`
	RepeatDTMF    *string  `json:"repeatDTMF,omitempty"`
	SpeechRate    *float64 `json:"speechRate,omitempty"`
	// Regional is the registration that some countries want, as the provider has it.
	Regional json.RawMessage `json:"regional,omitempty"`

	EmailTemplateID *int64  `json:"emailTemplateId,omitempty"`
	From            *string `json:"from,omitempty"`
	LandingPageID   *string `json:"landingPageId,omitempty"`
}

// IsEmail reports whether a template is one of e-mails. The provider has calls of their own
// for those.
func (m *Message) IsEmail() bool { return m.EmailTemplateID != nil }

// MaxPINLength is the longest PIN that Infobip has been documented to make (V1 of its
// API says 1 to 8; nothing newer says more).
const MaxPINLength = 8

// Languages are those of voice messages, in the API's spelling.
var Languages = []string{
	"en", "es", "ca", "da", "nl", "fr", "de", "it", "ja", "ko", "no", "pl", "ru", "sv", "fi", "hr", "sl", "ro",
	"pt_pt", "pt_br", "zh_cn", "zh_tw",
}

// provisionTimeout is longer than a PIN's call may take: an operator waits rather
// than guesses whether an application was made.
const provisionTimeout = 20 * time.Second

// largestList is above thousands of templates: an account keeps all that it ever had.
const largestList = 8 << 20

// Provisioner makes and changes applications and their templates, for the
// operator's CLI. It repeats nothing. Each of its errors has a *CallError in its
// chain, whose Details are the provider's own words about the settings.
type Provisioner struct {
	wire wire
	key  func() string
}

// NewProvisioner makes a Provisioner, without any call.
func NewProvisioner(baseURL string, allowHTTP bool, key string) (*Provisioner, error) {
	w, err := newWire(baseURL, allowHTTP, provisionTimeout, nil)
	if err != nil {
		return nil, err
	}
	if key == "" || !isHeaderText(key) {
		return nil, errors.New("infobip: the API key has to be one word of ASCII")
	}
	w.largest = largestList
	return &Provisioner{wire: w, key: func() string { return key }}, nil
}

// Applications lists all applications of the account.
func (p *Provisioner) Applications(ctx context.Context) ([]Application, error) {
	var found applicationList
	err := p.do(ctx, "list applications", http.MethodGet, applicationPath(), nil, &found)
	return found, err
}

// Application returns one application.
func (p *Provisioner) Application(ctx context.Context, id string) (Application, error) {
	var found Application
	err := p.do(ctx, "get application", http.MethodGet, applicationPath(id), nil, &found)
	return found, err
}

// CreateApplication makes an application and returns it as the provider sees it.
func (p *Provisioner) CreateApplication(ctx context.Context, a Application) (Application, error) {
	var created Application
	err := p.do(ctx, "create application", http.MethodPost, applicationPath(), a, &created)
	return created, err
}

// UpdateApplication replaces name, enabled and configuration of the application
// with a's ID.
func (p *Provisioner) UpdateApplication(ctx context.Context, a Application) (Application, error) {
	path := applicationPath(a.ID)
	a.ID = ""
	var updated Application
	err := p.do(ctx, "update application", http.MethodPut, path, a, &updated)
	return updated, err
}

// Messages lists the templates of an application.
func (p *Provisioner) Messages(ctx context.Context, applicationID string) ([]Message, error) {
	var found messageList
	err := p.do(ctx, "list message templates", http.MethodGet, applicationPath(applicationID, "messages"), nil, &found)
	return found, err
}

// Message returns one template.
func (p *Provisioner) Message(ctx context.Context, applicationID, id string) (Message, error) {
	var found Message
	err := p.do(ctx, "get message template", http.MethodGet, applicationPath(applicationID, "messages", id), nil, &found)
	return found, err
}

// CreateMessage makes a template under m's ApplicationID, of e-mails if m IsEmail. A
// PINLength that is not from 1 to MaxPINLength is refused without a call, here and in
// UpdateMessage.
func (p *Provisioner) CreateMessage(ctx context.Context, m Message) (Message, error) {
	return p.putMessage(ctx, "create", http.MethodPost, m)
}

// UpdateMessage changes what m names of the template with its two ids. Of an e-mail's
// template it has to name the EmailTemplateID, changed or not.
func (p *Provisioner) UpdateMessage(ctx context.Context, m Message) (Message, error) {
	return p.putMessage(ctx, "update", http.MethodPut, m, m.ID)
}

// putMessage sends a template to the path that ends with these elements.
func (p *Provisioner) putMessage(ctx context.Context, verb, method string, m Message, elements ...string) (Message, error) {
	if err := m.checkPINLength(); err != nil {
		return Message{}, err
	}
	thing, under := "message template", []string{m.ApplicationID, "messages"}
	if m.IsEmail() {
		thing, under = "e-mail template", []string{m.ApplicationID, "email", "messages"}
	}
	path := applicationPath(append(under, elements...)...)
	m.ID, m.ApplicationID = "", ""
	var got Message
	err := p.do(ctx, verb+" "+thing, method, path, m, &got)
	return got, err
}

// checkPINLength refuses a template that the provider might take and never fill.
func (m *Message) checkPINLength() error {
	if m.PinLength == nil || *m.PinLength >= 1 && *m.PinLength <= MaxPINLength {
		return nil
	}
	return &CallError{
		Operation: "message template",
		Reason:    fmt.Sprintf("not begun: a PIN has 1 to %d characters", MaxPINLength),
	}
}

// ResendNothingByEmail asks for a resend by e-mail of a PIN that is none, so that nothing can
// be sent: its *CallError says 403 where the key may not resend by e-mail, and 404 where it
// may. The scope of that is another than of all other calls: 2fa:manage is not enough.
func (p *Provisioner) ResendNothingByEmail(ctx context.Context) error {
	var nobodys [16]byte
	_, _ = rand.Read(nobodys[:]) // never fails: crypto/rand ends the program instead
	var answer anything
	return p.do(ctx, "resend nothing by email", http.MethodPost, "/2fa/2/pin/"+strings.ToUpper(hex.EncodeToString(nobodys[:]))+"/resend/email", nil, &answer)
}

// Close closes the idle connections.
func (p *Provisioner) Close() { p.wire.connections.close() }

func applicationPath(elements ...string) string {
	path := "/2fa/2/applications"
	for _, element := range elements {
		path += "/" + url.PathEscape(element)
	}
	return path
}

// identified is an answer that has to say which thing, or things, it is about.
type identified interface{ identified() bool }

func (a *Application) identified() bool { return isID(a.ID) }
func (m *Message) identified() bool     { return isID(m.ID) }

type (
	applicationList []Application
	messageList     []Message
)

func (l *applicationList) identified() bool {
	return !slices.ContainsFunc(*l, func(a Application) bool { return !a.identified() })
}

func (l *messageList) identified() bool {
	return !slices.ContainsFunc(*l, func(m Message) bool { return !m.identified() })
}

// anything is an answer that nobody looks at.
type anything struct{ json.RawMessage }

func (*anything) identified() bool { return true }

// isID reports whether an id is a word that an operator's terminal, a shell and a file of
// settings can take as it is. Those of Infobip are 32 hexadecimal digits.
func isID(id string) bool {
	const made = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:,="
	return id != "" && len(id) <= maxPinID && strings.Trim(id, made) == ""
}

// do makes one call and decodes its 2xx into out.
func (p *Provisioner) do(ctx context.Context, operation, method, path string, in any, out identified) error {
	r := request{operation: operation, method: method, path: path, once: method == http.MethodPost}
	r.use(p.key())
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encoding the settings: %w", err)
		}
		r.body = body
	}
	res, cut := p.wire.exchange(ctx, r)
	if cut != nil {
		return cut
	}
	if !res.succeeded() {
		return refusedSettings(r, res)
	}
	err := json.Unmarshal(res.body, out)
	if err != nil || !out.identified() {
		return &CallError{Operation: operation, Status: res.status, Reason: "the answer is not what the documentation has", Sent: true}
	}
	return nil
}

// refusedSettings is the error of a provisioning call. Unlike those of the PIN
// calls it may show what the provider says, because nothing but settings went out;
// the key is taken out all the same.
func refusedSettings(r request, res response) *CallError {
	said := readRefusal(res.body)
	meant := meaningOf(res.status, said)
	reason := otherRefusal.reason
	wait := time.Duration(0)
	if res.status == http.StatusTooManyRequests {
		wait = retryAfter(res.header, time.Now())
	}
	switch {
	case meant == &noAnswer || meant == &limited || meant == &wrongURL || meant == &notTheAPI:
		reason = meant.reason
	case res.status == http.StatusNotFound:
		reason = "not known to the provider"
	}
	return &CallError{
		Operation: r.operation,
		Status:    res.status,
		MessageID: word(said.id, r.secrets),
		Reason:    reason,
		Details:   said.details(r.secrets),
		Sent:      true,
		// An operator may wait for a throttle; who asks for a PIN is told by otp.ProviderError.
		RetryAfter: wait,
	}
}
