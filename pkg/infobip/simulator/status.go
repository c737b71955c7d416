package simulator

import (
	"net/http"
	"time"
)

// verification is one row of the status query: one PIN.
type verification struct {
	MSISDN     string `json:"msisdn"`
	Verified   bool   `json:"verified"`
	VerifiedAt *int64 `json:"verifiedAt,omitzero"`
	SentAt     int64  `json:"sentAt,omitzero"`
}

func (s *Simulator) listVerifications(c *call) (answer, *refusal) {
	app, refused := s.application(c.ids["appId"])
	if refused != nil {
		return answer{}, refused
	}
	wanted := destinationKey(c.query.Get("msisdn"))
	if wanted == "" {
		missing := invalid("msisdn", "must not be blank")
		return answer{}, &missing
	}
	verified, refused := s.boolean(c.query, "verified")
	if refused != nil {
		return answer{}, refused
	}
	sent, refused := s.boolean(c.query, "sent")
	if refused != nil {
		return answer{}, refused
	}
	rows := []verification{}
	for _, candidate := range s.pins.all() {
		if candidate.applicationID != app.ID || candidate.destination != wanted {
			continue
		}
		if verified != nil && *verified == candidate.verifiedAt.IsZero() || sent != nil && *sent == candidate.sentAt.IsZero() {
			continue
		}
		row := verification{
			MSISDN: candidate.destination, Verified: !candidate.verifiedAt.IsZero(), SentAt: s.timestamp(candidate.sentAt),
		}
		if row.Verified || !s.options.OmitVerifiedAt {
			row.VerifiedAt = new(s.timestamp(candidate.verifiedAt))
		}
		rows = append(rows, row)
	}
	return succeed(http.StatusOK, map[string]any{"verifications": rows}), nil
}

// timestamp writes a moment as the options say; 0 for none.
func (s *Simulator) timestamp(at time.Time) int64 {
	switch {
	case at.IsZero():
		return 0
	case s.options.SecondTimestamps:
		return at.Unix()
	}
	return at.UnixMilli()
}
