package simulation

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-a131a524/infobip-otp/internal/console"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

func TestMessageLine(t *testing.T) {
	for _, c := range []struct {
		message simulator.Message
		want    string
	}{
		{simulator.Message{To: "14155552671", PIN: "012345", Channel: "sms"}, "+14155552671  012345  sms"},
		{simulator.Message{To: "+436641234567", PIN: "12345678", Channel: "voice"}, "+436641234567  12345678  voice"},
		{simulator.Message{To: "jane@example.com", PIN: "123456", Channel: "email"}, "jane@example.com  123456  email"},
	} {
		if got := messageLine(c.message); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestPrintingGoesOn: a terminal that stood still for a burst prints again afterwards, and holds up nobody.
func TestPrintingGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &Simulation{Console: &console.Console{Feed: console.NewFeed()}}
		reader, writer := io.Pipe()
		s.PrintMessages(ctx, writer)
		for range 1000 {
			s.Console.Feed.Publish(console.KindMessage, simulator.Message{To: "1", PIN: "1", Channel: "sms"})
		}
		var printed strings.Builder
		go func() { _, _ = io.Copy(&printed, reader) }()
		synctest.Wait()
		s.Console.Feed.Publish(console.KindChange, "/clock")
		s.Console.Feed.Publish(console.KindMessage, simulator.Message{To: "2", PIN: "2", Channel: "sms"})
		synctest.Wait()
		if got := printed.String(); !strings.HasPrefix(got, "+1  1  sms\n") || !strings.HasSuffix(got, "\n+2  2  sms\n") {
			t.Errorf("printed %d bytes, from %.20q to the end: want the burst's beginning and what came later", len(got), got)
		}
		cancel()
		synctest.Wait()
		_ = writer.Close()
	})
}
