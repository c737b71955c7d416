package infobip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// CallError is what a log may know of a call that did not succeed. It is made
// of our own words, a status and one word of the provider's: never of the text
// of an answer, nor of an error of net/http, which quotes the URL or the answer.
type CallError struct {
	// Operation is send, resend, verify or the name of a provisioning call.
	Operation string
	// Status is the HTTP status, or zero if no answer came.
	Status int
	// MessageID is the provider's word for the error, such as BAD_REQUEST, if
	// there is one in the expected form.
	MessageID string
	// Reason says what happened.
	Reason string
	// Details are the provider's words about settings. Only provisioning calls have
	// them: a PIN's call shows nothing of what a provider says.
	Details []string
	// Sent is whether the request may have reached the provider.
	Sent bool

	// cause is what callers may look for with errors.Is and errors.As: a context's
	// or a KeySource's error.
	cause error
	// again is whether a verify may be asked once more: the exchange came to no
	// end, or to a 5xx.
	again bool
}

func (e *CallError) Error() string {
	text := "infobip " + e.Operation + ": "
	if e.Status != 0 {
		text += "status " + strconv.Itoa(e.Status) + ": "
	}
	if e.MessageID != "" {
		text += e.MessageID + ": "
	}
	text += e.Reason
	if len(e.Details) > 0 {
		text += ": " + strings.Join(e.Details, "; ")
	}
	return text
}

// Unwrap gives the context's or the KeySource's error, if that was the cause.
func (e *CallError) Unwrap() error { return e.cause }

// dialReason puts into words why there is no connection. Texts of the errors of
// net and crypto are used where their type says what they are made of.
func dialReason(ctx context.Context, err error) string {
	var (
		dns         *net.DNSError
		unknownCA   x509.UnknownAuthorityError
		wrongHost   x509.HostnameError
		invalid     x509.CertificateInvalidError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		errno       syscall.Errno
		timeout     net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host"
	case errors.As(err, &dns):
		return "the name lookup failed"
	case errors.As(err, &unknownCA):
		return "the certificate is signed by an unknown authority"
	case errors.As(err, &wrongHost):
		return "the certificate is for another host"
	case errors.As(err, &invalid):
		return "the certificate is not valid"
	case errors.As(err, &certificate):
		return "the certificate was not accepted"
	case errors.As(err, &record):
		return "the server does not speak TLS"
	case errors.Is(ctx.Err(), context.Canceled):
		return "cancelled"
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &errno):
		return errno.Error()
	case errors.Is(err, io.EOF):
		return "closed during the TLS handshake"
	}
	return "the connection could not be made"
}

// cutReason puts into words why a request on a connection had no full answer.
func cutReason(ctx context.Context, err error) string {
	var timeout net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "cancelled"
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	}
	return "the exchange was cut short"
}

const (
	// maxWord is longer than any messageId seen.
	maxWord = 40
	// maxWordDigits lets SVC0001 and E429 through, and no PIN, number or pinId.
	maxWordDigits = 4
)

// word lets a provider's word through to the log: [A-Z0-9_]{1,40} with few
// digits, and none of the values of this call in it, whatever their form.
func word(s string, secrets []string) string {
	if s == "" || len(s) > maxWord {
		return ""
	}
	digits := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			digits++
		case (c < 'A' || c > 'Z') && c != '_':
			return ""
		}
	}
	if digits > maxWordDigits {
		return ""
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(s, strings.ToUpper(secret)) {
			return ""
		}
	}
	return s
}
