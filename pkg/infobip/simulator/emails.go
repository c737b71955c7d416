package simulator

import (
	"errors"
	"net/http"
	"strings"
)

// WriteEmail writes the text of all e-mails with this number, as one does in Infobip's portal:
// the 2FA API knows an e-mail's text by its EmailTemplateID alone. In it {{pin}} is the PIN.
func (s *Simulator) WriteEmail(emailTemplateID int64, text string) error {
	switch {
	case emailTemplateID < 1:
		return errors.New("emailTemplateId must be the number of an e-mail")
	case !strings.Contains(text, pinPlaceholder):
		return errors.New("text must contain " + pinPlaceholder)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.emails[emailTemplateID]; !known && len(s.emails) >= mostKept {
		return errors.New("there are too many e-mails")
	}
	s.emails[emailTemplateID] = text
	return nil
}

// textOf returns the text of a template, or nil if nobody has written it. It needs s.mu.
func (s *Simulator) textOf(t *template) *string {
	if !t.isEmail() {
		return t.MessageText
	}
	text, written := s.emails[*t.EmailTemplateID]
	if !written {
		return nil
	}
	return &text
}

func (s *Simulator) controlWriteEmail(r *http.Request) (any, error) {
	var request struct {
		EmailTemplateID int64  `json:"emailTemplateId"`
		Text            string `json:"text"`
	}
	err := controlBody(r, largestBody, &request)
	if err == nil {
		err = s.WriteEmail(request.EmailTemplateID, request.Text)
	}
	if err != nil {
		return nil, err
	}
	return request, nil
}
