package sdk_test

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

const (
	apiKey  = "key-of-the-sdk-test"
	number  = "41446681800"
	address = "jane.smith@example.com"
)

// account is a running simulator in its default, lenient mode.
type account struct {
	*simulator.Simulator
	clock      *simulator.MovableClock
	apiURL     string
	controlURL string
}

func newAccount(t *testing.T) account {
	t.Helper()
	clock := simulator.NewClock()
	sim := simulator.New(simulator.Options{Key: apiKey, Clock: clock})
	api, control := httptest.NewServer(sim.API()), httptest.NewServer(sim.Control())
	t.Cleanup(func() {
		sim.Close()
		api.Close()
		control.Close()
	})
	return account{Simulator: sim, clock: clock, apiURL: api.URL, controlURL: control.URL}
}

// lastPIN is the newest PIN that reached a destination.
func (a account) lastPIN(t *testing.T, to string) simulator.Message {
	t.Helper()
	messages := a.Outbox(to)
	if len(messages) == 0 {
		t.Fatal("nothing was delivered")
	}
	return messages[len(messages)-1]
}

// wantOnlySuccesses fails unless every call so far was answered with a success.
func (a account) wantOnlySuccesses(t *testing.T) {
	t.Helper()
	requests := a.Requests("")
	for _, request := range requests {
		if request.Status < 200 || request.Status > 299 {
			t.Errorf("%s %s answered %d", request.Method, request.Path, request.Status)
		}
	}
	if len(requests) == 0 {
		t.Error("the simulator saw no call")
	}
}

// runTool runs a program in a folder and returns what it printed.
func runTool(t *testing.T, folder, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = folder
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, args[0], err, output, complaints.String())
	}
	return output
}
