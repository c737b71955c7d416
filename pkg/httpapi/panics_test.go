package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// domain stands for pkg/otp where it misbehaves, once it has counted the caller.
type domain struct{ behave func() error }

func (d domain) after(ctx context.Context, c otp.Caller) error {
	if _, err := c.Count(ctx)(); err != nil {
		return err
	}
	return d.behave()
}

func (d domain) Send(ctx context.Context, r otp.SendRequest) (otp.Receipt, error) {
	return otp.Receipt{}, d.after(ctx, r.Caller)
}

func (d domain) Resend(ctx context.Context, r otp.ResendRequest) (otp.Receipt, error) {
	return otp.Receipt{}, d.after(ctx, r.Caller)
}

func (d domain) Verify(ctx context.Context, r otp.VerifyRequest) (otp.Success, error) {
	return otp.Success{}, d.after(ctx, r.Caller)
}

// internal is what a client is told of a mistake of ours: nothing of its effect.
var internal = refused("Internal error.", "internal")

// TestPanics: a panic of any kind becomes the contract's 500 and a line with its stack,
// in which the panic's value does not show.
func TestPanics(t *testing.T) {
	secretive := "canary panic of " + number + " " + apiKey
	for name, behave := range map[string]func() error{
		"text":            func() error { panic(secretive) },
		"error":           func() error { panic(errors.New(secretive)) },
		"struct":          func() error { panic(struct{ Number string }{secretive}) },
		"nil map":         func() error { var m map[string]int; m[secretive] = 1; return nil },
		"nil pointer":     func() error { var e *otp.Error; return e.Err },
		"index":           func() error { return []error{nil}[len(secretive)] },
		"nil":             func() error { panic(any(nil)) },
		"abort":           func() error { panic(http.ErrAbortHandler) },
		"wrapped refusal": func() error { panic(&otp.Error{Reason: otp.InvalidOrExpired}) },
	} {
		for path, body := range posts {
			t.Run(path+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, func(s *setup) { s.sender, s.verifier = domain{behave}, domain{behave} })
					got := r.post(path, body)
					got.want(t, http.StatusInternalServerError, internal)
					if got.Headers["RateLimit-Remaining"] == "" {
						t.Error("the answer has no RateLimit headers")
					}
					r.wantOneLine(got)
					r.wantNoCanary()
					if stack, _ := r.lastLine()["stack"].(string); stack == "" {
						t.Errorf("the line has no stack: %s", r.logs.String())
					}
				})
			})
		}
	}
}

// TestUnclassifiedErrors: what nobody classified is an internal error.
func TestUnclassifiedErrors(t *testing.T) {
	for name, err := range map[string]error{
		"plain":          errBroken,
		"wrapped":        fmt.Errorf("sending: %w", errBroken),
		"unknown reason": &otp.Error{Reason: "brand_new"},
		"conflict":       &otp.Conflict{},
		"context":        context.DeadlineExceeded,
		"provider error": &otp.ProviderError{Err: errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := domain{func() error { return err }}
				r := newRig(t, func(s *setup) { s.sender, s.verifier = d, d })
				for path, body := range posts {
					r.post(path, body).want(t, http.StatusInternalServerError, internal)
					if r.lastLine()["cause"] == nil {
						t.Errorf("%s: the cause is not logged", path)
					}
				}
			})
		})
	}
}
