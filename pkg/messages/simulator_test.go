package messages_test

import (
	"testing"

	"github.com/seed-a131a524/infobip-otp/internal/simulation"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
)

// TestSimulatorTakesIt: what lint finds no fault in, a strict Infobip has templates of, and a local
// run starts with.
func TestSimulatorTakesIt(t *testing.T) {
	good := messages.Good(messages.Options{WebOTP: "localhost"})
	if len(good) < 10 {
		t.Errorf("%d files are good", len(good))
	}
	for name, file := range good {
		t.Run(name, func(t *testing.T) {
			account := simulator.New(simulator.Options{Strict: true})
			defer account.Close()
			appID, messageID, err := account.Provision(simulator.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			s := &simulation.Simulation{Account: account, ApplicationID: appID, MessageID: messageID}
			list, err := s.Provision(file, nil, 6)
			if err != nil {
				t.Fatal(err)
			}
			if err := list.Check(); err != nil || len(list) != len(file.Messages) {
				t.Errorf("%d of %d messages are listed: %v", len(list), len(file.Messages), err)
			}
		})
	}
}
