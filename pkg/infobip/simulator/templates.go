package simulator

import (
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// template is an SMS or voice template, or an e-mail template: the vendor lists
// both kinds together, each with only its own members. EmailTemplateID tells
// them apart. It is also the form of a create or update request of either kind.
type template struct {
	ID             string    `json:"messageId,omitzero"`
	ApplicationID  string    `json:"applicationId,omitzero"`
	PINPlaceholder string    `json:"pinPlaceholder,omitzero"`
	MessageText    *string   `json:"messageText,omitzero"`
	PINType        *string   `json:"pinType,omitzero"`
	PINLength      *int32    `json:"pinLength,omitzero"`
	SenderID       *string   `json:"senderId,omitzero"`
	Language       *string   `json:"language,omitzero"`
	VoiceName      *string   `json:"voiceName,omitzero"`
	RepeatDTMF     *string   `json:"repeatDTMF,omitzero"`
	SpeechRate     *float64  `json:"speechRate,omitzero"`
	Regional       *regional `json:"regional,omitzero"`

	EmailTemplateID *int64  `json:"emailTemplateId,omitzero"`
	From            *string `json:"from,omitzero"`
	LandingPageID   *string `json:"landingPageId,omitzero"`
}

// textRequest and emailRequest are what each kind of create and update accepts.
type textRequest struct {
	MessageText *string   `json:"messageText"`
	PINType     *string   `json:"pinType"`
	PINLength   *int32    `json:"pinLength"`
	SenderID    *string   `json:"senderId"`
	Language    *string   `json:"language"`
	VoiceName   *string   `json:"voiceName"`
	RepeatDTMF  *string   `json:"repeatDTMF"`
	SpeechRate  *float64  `json:"speechRate"`
	Regional    *regional `json:"regional"`
}

type emailRequest struct {
	EmailTemplateID *int64  `json:"emailTemplateId"`
	From            *string `json:"from"`
	LandingPageID   *string `json:"landingPageId"`
	PINLength       *int32  `json:"pinLength"`
	PINType         *string `json:"pinType"`
}

// regional holds the options of one country. The vendor's Go model also knows
// Turkey and South Korea; they are kept and returned as they came.
type regional struct {
	IndiaDLT   *indiaDLT      `json:"indiaDlt,omitzero"`
	TurkeyIYS  jsontext.Value `json:"turkeyIys,omitzero"`
	SouthKorea jsontext.Value `json:"southKorea,omitzero"`
}

type indiaDLT struct {
	PrincipalEntityID string  `json:"principalEntityId"`
	ContentTemplateID *string `json:"contentTemplateId,omitzero"`
	TeleMarketerID    *string `json:"teleMarketerId,omitzero"`
	// TelemarketerID is how Infobip's Go SDK spells it; never in an answer.
	TelemarketerID *string `json:"telemarketerId,omitzero"`
}

// LongestPIN is the most characters of a PIN: V1 of the API says 1 to 8, and nothing
// newer says more.
const LongestPIN = 8

const (
	pinPlaceholder = "{{pin}}"
	// defaultPINLength is the vendor's default for e-mail, and our choice for the
	// other channels, which have none.
	defaultPINLength = 4
	defaultPINType   = "NUMERIC"
	longestDLTID     = 30
	longestDLTMarket = 255
)

// languages are the exact spellings; the hyphens of older SDKs never matched
// the endpoint.
var languages = []string{
	"en", "es", "ca", "da", "nl", "fr", "de", "it", "ja", "ko", "no", "pl", "ru", "sv", "fi", "hr", "sl", "ro",
	"pt_pt", "pt_br", "zh_cn", "zh_tw",
}

func (t *template) isEmail() bool { return t.EmailTemplateID != nil }

func (t *template) pinLength() int {
	if t.PINLength == nil {
		return defaultPINLength
	}
	return int(*t.PINLength)
}

// applyText returns a copy with what the request names, or why it is bad.
func (t template) applyText(request textRequest, strict bool) (*template, *refusal) {
	bad := checks{}
	request.Regional.check(bad, strict)
	t.MessageText = override(t.MessageText, request.MessageText)
	t.PINType = override(t.PINType, request.PINType)
	t.PINLength = override(t.PINLength, request.PINLength)
	t.SenderID = override(t.SenderID, request.SenderID)
	t.Language = override(t.Language, request.Language)
	t.VoiceName = override(t.VoiceName, request.VoiceName)
	t.RepeatDTMF = override(t.RepeatDTMF, request.RepeatDTMF)
	t.SpeechRate = override(t.SpeechRate, request.SpeechRate)
	t.Regional = override(t.Regional, request.Regional.spelled())

	switch {
	case t.MessageText == nil || *t.MessageText == "":
		bad.add("messageText", "must not be blank")
	case !strings.Contains(*t.MessageText, pinPlaceholder):
		bad.add("messageText", "must contain "+pinPlaceholder)
	}
	t.checkPIN(bad)
	bad.require(t.Language == nil || slices.Contains(languages, *t.Language), "language", "is not a supported language")
	bad.require(t.SpeechRate == nil || *t.SpeechRate >= 0.5 && *t.SpeechRate <= 2, "speechRate", "must be from 0.5 to 2")
	return &t, bad.refusal()
}

// applyEmail is applyText for the other kind.
func (t template) applyEmail(request emailRequest) (*template, *refusal) {
	bad := checks{}
	t.EmailTemplateID = override(t.EmailTemplateID, request.EmailTemplateID)
	t.From = override(t.From, request.From)
	t.LandingPageID = override(t.LandingPageID, request.LandingPageID)
	t.PINLength = override(t.PINLength, request.PINLength)
	t.PINType = override(t.PINType, request.PINType)

	bad.require(t.EmailTemplateID != nil, "emailTemplateId", "must not be null")
	if t.From != nil {
		_, err := mail.ParseAddress(*t.From)
		bad.require(err == nil, "from", "must be an e-mail address")
	}
	t.checkPIN(bad)
	return &t, bad.refusal()
}

func (t template) checkPIN(bad checks) {
	if t.PINType == nil {
		bad.add("pinType", "must not be null")
	} else if _, known := pinAlphabets[*t.PINType]; !known {
		bad.add("pinType", "must be NUMERIC, ALPHA, HEX or ALPHANUMERIC")
	}
	bad.require(t.PINLength == nil || *t.PINLength >= 1 && *t.PINLength <= LongestPIN, "pinLength", "must be from 1 to 8")
}

func (r *regional) check(bad checks, strict bool) {
	if r == nil || r.IndiaDLT == nil {
		return
	}
	const prefix = "regional.indiaDlt."
	india := r.IndiaDLT
	bad.require(india.PrincipalEntityID != "", prefix+"principalEntityId", "must not be blank")
	bad.require(utf8.RuneCountInString(india.PrincipalEntityID) <= longestDLTID, prefix+"principalEntityId", "must have at most 30 characters")
	bad.require(india.ContentTemplateID == nil || utf8.RuneCountInString(*india.ContentTemplateID) <= longestDLTID, prefix+"contentTemplateId", "must have at most 30 characters")
	bad.require(india.TelemarketerID == nil || !strict, prefix+"telemarketerId", "unknown member")
	marketer := override(india.TelemarketerID, india.TeleMarketerID)
	bad.require(marketer == nil || utf8.RuneCountInString(*marketer) <= longestDLTMarket, prefix+"teleMarketerId", "must have at most 255 characters")
}

// spelled returns a copy in the contract's spelling.
func (r *regional) spelled() *regional {
	if r == nil || r.IndiaDLT == nil {
		return r
	}
	copied, india := *r, *r.IndiaDLT
	india.TeleMarketerID = override(india.TelemarketerID, india.TeleMarketerID)
	india.TelemarketerID = nil
	copied.IndiaDLT = &india
	return &copied
}

// template finds one of an application, or refuses with 404.
func (s *Simulator) template(applicationID, id string, email bool) (*template, *refusal) {
	found := s.templates.byID[id]
	if found == nil || found.ApplicationID != applicationID || found.isEmail() != email {
		missing := refuse(http.StatusNotFound).withText("Message template not found")
		return nil, &missing
	}
	return found, nil
}
