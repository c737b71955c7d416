package simulator

import (
	"net/http"
	"strings"
)

// Statuses of a send. The paragraph that documents ncStatus names a value that
// its own list does not have, so "not reachable" is recognised by what both
// spellings share.
const (
	messageSent     = "MESSAGE_SENT"
	messageNotSent  = "MESSAGE_NOT_SENT"
	ncReachable     = "NC_DESTINATION_REACHABLE"
	ncNotConfigured = "NC_NOT_CONFIGURED"
	ncUnreachable   = "NOT_REACHABLE"
	accepted        = "PENDING_ACCEPTED"
)

// delivery is how one send or resend travels.
type delivery struct {
	lookUp bool
	track  bool
	values map[string]string
}

// deliver puts the message into the outbox, unless its status says that it was
// not sent, and returns the answer.
func (s *Simulator) deliver(c *call, sent *pin, how delivery) answer {
	result := map[string]any{"pinId": sent.id, "to": sent.to}
	arrives := true
	switch c.route.channel {
	case channelSMS:
		arrives = s.smsStatuses(c, how, result)
	case channelVoice:
		result["callStatus"] = accepted
	case channelEmail:
		arrives = emailStatus(c, result)
	}
	if how.track && c.route.channel != channelEmail {
		result["externalMessageId"] = newUUID()
	}
	if arrives {
		s.putInOutbox(c.route.channel, sent, how.values)
	}
	return succeed(http.StatusOK, result)
}

// smsStatuses fills ncStatus and smsStatus and reports whether the SMS arrives.
func (s *Simulator) smsStatuses(c *call, how delivery, result map[string]any) bool {
	nc := ""
	switch {
	case how.lookUp && s.options.NCNotConfigured:
		nc = ncNotConfigured
	case how.lookUp:
		nc = ncReachable
	case s.options.NCStatus == NCAlways:
		nc = ncNotConfigured
	case s.options.NCStatus == NCNull:
		result["ncStatus"] = nil
	}
	if c.fault != nil && c.fault.NCStatus != nil {
		nc = *c.fault.NCStatus
	}
	if nc != "" {
		result["ncStatus"] = nc
	}
	status := messageSent
	if strings.Contains(nc, ncUnreachable) {
		status = messageNotSent
	}
	if c.fault != nil && c.fault.SMSStatus != nil {
		status = *c.fault.SMSStatus
	}
	result["smsStatus"] = status
	return status != messageNotSent
}

// emailStatus fills emailStatus and reports whether the e-mail arrives.
func emailStatus(c *call, result map[string]any) bool {
	name, description := accepted, "Message accepted and pending delivery."
	if c.fault != nil && c.fault.EmailStatus != nil {
		name, description = *c.fault.EmailStatus, "As the fault says."
	}
	result["emailStatus"] = map[string]string{"name": name, "description": description}
	return !strings.HasPrefix(name, "REJECTED") && !strings.HasPrefix(name, "UNDELIVERABLE")
}

func (s *Simulator) putInOutbox(channel string, sent *pin, values map[string]string) {
	now := s.now()
	sent.sentAt = now
	text, language := pinPlaceholder, ""
	if t := s.templates.byID[sent.templateID]; t != nil {
		text, language = *override(&text, s.textOf(t)), *override(&language, t.Language)
	}
	s.putMessage(Message{
		To: sent.to, Channel: channel, Sender: sent.sender, Text: render(text, sent.code, values),
		PIN: sent.code, PINID: sent.id, MessageID: sent.templateID, Language: language, At: now,
	})
}
