package app

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestWarmOpensTheConnectionsOfARequest: a table that answers nobody until so many ask at once
// sees the warm-up ask, and the calls of a request on the connections of it.
func TestWarmOpensTheConnectionsOfARequest(t *testing.T) {
	_, variables := account(t)
	var opened, asking atomic.Int64
	all := make(chan struct{}, callsAtOnce)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if asking.Add(1) == callsAtOnce {
			asking.Store(0)
			for range callsAtOnce {
				all <- struct{}{}
			}
		}
		select {
		case <-all:
			_, _ = w.Write([]byte("{}"))
		case <-r.Context().Done():
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	variables["TABLE_NAME"], variables["AWS_ENDPOINT_URL_DYNAMODB"] = "table", server.URL
	var log bytes.Buffer
	a := newApp(t, variables, &log)
	a.Warm(t.Context())
	if log.Len() > 0 || opened.Load() != callsAtOnce {
		t.Fatalf("warming up opened %d connections, want %d, and wrote %s", opened.Load(), callsAtOnce, log.String())
	}
	err := together(callsAtOnce, func() error {
		_, _, err := a.store.Load(t.Context(), "key")
		return err
	})
	if err != nil || opened.Load() != callsAtOnce {
		t.Errorf("the calls of a request opened %d more connections: %v", opened.Load()-callsAtOnce, err)
	}
}

// TestWarmTellsOfATroubleOnce, however many calls met it.
func TestWarmTellsOfATroubleOnce(t *testing.T) {
	_, variables := account(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	t.Cleanup(server.Close)
	variables["TABLE_NAME"], variables["AWS_ENDPOINT_URL_DYNAMODB"] = "table", server.URL
	var log bytes.Buffer
	newApp(t, variables, &log).Warm(t.Context())
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"what":"table"`) {
		t.Errorf("warming up wrote %s, want one line about the table", got)
	}
}

func TestTogether(t *testing.T) {
	broken := errors.New("broken")
	var calls atomic.Int64
	err := together(callsAtOnce, func() error {
		if calls.Add(1) == 2 {
			return broken
		}
		return nil
	})
	if calls.Load() != callsAtOnce || !errors.Is(err, broken) {
		t.Errorf("%d calls and %v, want %d and the one error", calls.Load(), err, callsAtOnce)
	}
}

// TestHandshakesAreResumed: a further connection to AWS checks no certificate again.
func TestHandshakesAreResumed(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }))
	t.Cleanup(server.Close)
	dials := transport()
	dials.TLSClientConfig.RootCAs = x509.NewCertPool()
	dials.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	dials.DisableKeepAlives = true
	for i := range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := dials.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body) // the session comes with the answer
		_ = response.Body.Close()
		if got := response.TLS.DidResume; got != (i == 1) {
			t.Errorf("connection %d resumed a session: %t", i, got)
		}
	}
}
