package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// A sender is one text: how often it had something sent, and when its window ends. As two
// numbers in a list it would take half as much again.
const senderSep = "."

func encodeSender(s *otp.Sender) string {
	return strconv.Itoa(s.Sends) + senderSep + strconv.FormatInt(s.Ends.UnixMilli(), momentNumbers)
}

func decodeSender(client, text string) (otp.Sender, bool) {
	sends, ends, _ := strings.Cut(text, senderSep)
	n, err := strconv.Atoi(sends)
	at, err2 := strconv.ParseInt(ends, momentNumbers, 64)
	return otp.Sender{Client: client, Sends: n, Ends: time.UnixMilli(at).UTC()}, err == nil && err2 == nil
}
