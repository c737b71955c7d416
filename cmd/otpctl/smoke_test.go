package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// typist types a code, and remembers whether anybody was talking meanwhile.
type typist struct {
	ui          *tui
	asked       bool
	interrupted bool
}

func (p *typist) Read(into []byte) (int, error) {
	p.asked = true
	p.interrupted = p.interrupted || p.ui.waiting.Load()
	return copy(into, "000000\n"), io.EOF
}

// TestNobodyTalksWhileACodeIsTyped: what is said of what takes long would stand in the line of
// who types the code.
func TestNobodyTalksWhileACodeIsTyped(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/send-otp" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprint(w, `{"verificationId":"AAAAAAAAAAAAAAAAAAAAAA","expiresAt":"2026-01-01T00:00:00Z"}`)
	}))
	defer server.Close()
	ui := &tui{out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	person := &typist{ui: ui}
	ui.in = person
	s := &smoke{ui: ui, try: try{ui: ui, phone: "+14155552671"}}
	if err := s.run(t.Context(), server.URL); err == nil {
		t.Error("a service that knows one path passes")
	}
	if !person.asked || person.interrupted {
		t.Errorf("the code was asked for: %t, and something was said of meanwhile: %t; want true and false", person.asked, person.interrupted)
	}
}
