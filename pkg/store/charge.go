package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// A charge is one text: its run, and behind it, where there is more to say, the request's
// key, the client, who it was charged to and the moment. The first version knew runs only,
// and carries along whatever text it finds; so nothing is lost while both are deployed.
const (
	// forgivenMark stands before a charge whose failure counts no more. No run's name
	// begins with it.
	forgivenMark  = "~"
	chargeSep     = "."
	strangerWord  = "s"
	chargeParts   = 5
	momentNumbers = 36
)

func encodeCharge(c *otp.Charge) string {
	mark, stranger, at := "", "", ""
	if c.Forgiven {
		mark = forgivenMark
	}
	if c.Stranger {
		stranger = strangerWord
	}
	if !c.At.IsZero() {
		at = strconv.FormatInt(c.At.UnixMilli(), momentNumbers)
	}
	return mark + strings.TrimRight(strings.Join([]string{c.RunID, c.Key, c.Client, stranger, at}, chargeSep), chargeSep)
}

func decodeCharge(text string) (otp.Charge, bool) {
	text, forgiven := strings.CutPrefix(text, forgivenMark)
	parts := strings.Split(text, chargeSep)
	if len(parts) > chargeParts {
		return otp.Charge{}, false
	}
	parts = append(parts, make([]string, chargeParts-len(parts))...)
	c := otp.Charge{RunID: parts[0], Key: parts[1], Client: parts[2], Stranger: parts[3] == strangerWord, Forgiven: forgiven}
	if parts[4] != "" {
		at, err := strconv.ParseInt(parts[4], momentNumbers, 64)
		if err != nil {
			return otp.Charge{}, false
		}
		c.At = time.UnixMilli(at).UTC()
	}
	return c, c.RunID != ""
}
