package simulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// A client that gives up releases the goroutine that was holding its answer.
func TestAHangEndsWithTheClient(t *testing.T) {
	r := newRig(t, simulator.Options{})
	ended := make(chan struct{})
	api := r.API()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		defer close(ended)
		api.ServeHTTP(w, request)
	}))
	defer server.Close()
	r.fault(`{"operation":"send","delay":"1h"}`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for len(r.Requests("send")) == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel() // once the answer is held
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/2fa/2/pin", strings.NewReader(r.startBody(number)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = jsonHeader()
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		response.Body.Close()
		t.Fatal("the hanging call was answered")
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the handler still hangs")
	}
}
