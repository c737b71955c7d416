package simulator

import "net/http"

func (s *Simulator) listTemplates(c *call) (answer, *refusal) {
	parent, refused := s.application(c.ids["appId"])
	if refused != nil {
		return answer{}, refused
	}
	own := []*template{}
	for _, candidate := range s.templates.all() {
		if candidate.ApplicationID == parent.ID {
			own = append(own, candidate)
		}
	}
	return succeed(http.StatusOK, own), nil
}

// getTemplate finds a template of either kind.
func (s *Simulator) getTemplate(c *call) (answer, *refusal) {
	parent, refused := s.application(c.ids["appId"])
	if refused != nil {
		return answer{}, refused
	}
	found := s.templates.byID[c.ids["msgId"]]
	if found == nil || found.ApplicationID != parent.ID {
		missing := refuse(http.StatusNotFound).withText("Message template not found")
		return answer{}, &missing
	}
	return succeed(http.StatusOK, found), nil
}

func (s *Simulator) createTemplate(c *call) (answer, *refusal) {
	parent, refused := s.application(c.ids["appId"])
	if refused != nil {
		return answer{}, refused
	}
	var request textRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	blank := template{ID: newID(), ApplicationID: parent.ID, PINPlaceholder: pinPlaceholder}
	created, refused := blank.applyText(request, s.options.Strict)
	return s.keepTemplate(created, refused)
}

func (s *Simulator) createEmailTemplate(c *call) (answer, *refusal) {
	parent, refused := s.application(c.ids["appId"])
	if refused != nil {
		return answer{}, refused
	}
	var request emailRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	blank := template{
		ID: newID(), ApplicationID: parent.ID,
		PINType: new(defaultPINType), PINLength: new(int32(defaultPINLength)),
	}
	created, refused := blank.applyEmail(request)
	return s.keepTemplate(created, refused)
}

func (s *Simulator) updateTemplate(c *call) (answer, *refusal) {
	current, refused := s.template(c.ids["appId"], c.ids["msgId"], false)
	if refused != nil {
		return answer{}, refused
	}
	var request textRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	changed, refused := current.applyText(request, s.options.Strict)
	return s.keepTemplate(changed, refused)
}

func (s *Simulator) updateEmailTemplate(c *call) (answer, *refusal) {
	current, refused := s.template(c.ids["appId"], c.ids["msgId"], true)
	if refused != nil {
		return answer{}, refused
	}
	var request emailRequest
	if refused := s.decode(c.body, &request); refused != nil {
		return answer{}, refused
	}
	changed, refused := current.applyEmail(request)
	return s.keepTemplate(changed, refused)
}

// keepTemplate stores a template unless there was a reason to refuse it.
// Templates are replaced, never changed in place.
func (s *Simulator) keepTemplate(t *template, refused *refusal) (answer, *refusal) {
	if refused != nil {
		return answer{}, refused
	}
	if _, known := s.templates.byID[t.ID]; !known {
		if full := s.roomFor(len(s.templates.ids)); full != nil {
			return answer{}, full
		}
	}
	s.templates.put(t.ID, t)
	return succeed(http.StatusOK, t), nil
}
