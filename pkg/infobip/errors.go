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
	"time"
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
	// Sent reports whether the request may have reached the provider.
	Sent bool
	// RetryAfter is how long a throttled provisioning call is to wait, if that was said.
	RetryAfter time.Duration

	// cause is what callers may look for with errors.Is and errors.AsType: a context's
	// or a KeySource's error.
	cause error
	// retryable reports whether a verify may be asked once more: the exchange came to
	// no end, or to a 5xx.
	retryable bool
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

// Unwrap returns the context's or the KeySource's error, if that was the cause.
func (e *CallError) Unwrap() error { return e.cause }

// dialReason puts into words why there is no connection. Texts of the errors of
// net and crypto are used where their type says what they are made of.
func dialReason(ctx context.Context, err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "no such host"
		}
		return "the name lookup failed"
	}
	if reason := tlsReason(err); reason != "" {
		return reason
	}
	errno, isErrno := errors.AsType[syscall.Errno](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "cancelled"
	case ctx.Err() != nil, isTimeout(err):
		return "timeout"
	case isErrno:
		return errno.Error()
	case errors.Is(err, io.EOF):
		return "closed during the TLS handshake"
	}
	return "the connection could not be made"
}

// tlsReason puts into words what was wrong with a TLS handshake, the innermost cause
// first; empty if nothing was.
func tlsReason(err error) string {
	switch {
	case is[x509.UnknownAuthorityError](err):
		return "the certificate is signed by an unknown authority"
	case is[x509.HostnameError](err):
		return "the certificate is for another host"
	case is[x509.CertificateInvalidError](err):
		return "the certificate is not valid"
	case is[*tls.CertificateVerificationError](err):
		return "the certificate was not accepted"
	case is[tls.RecordHeaderError](err):
		return "the server does not speak TLS"
	}
	return ""
}

func is[E error](err error) bool {
	_, found := errors.AsType[E](err)
	return found
}

func isTimeout(err error) bool {
	failed, found := errors.AsType[net.Error](err)
	return found && failed.Timeout()
}

// cutReason puts into words why a request on a connection had no full answer.
func cutReason(ctx context.Context, err error) string {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "cancelled"
	case ctx.Err() != nil, isTimeout(err):
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
