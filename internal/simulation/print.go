package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/seed-a131a524/infobip-otp/internal/console"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

// PrintMessages writes a plain line for each message as it arrives, with its number and
// PIN, from now on until ctx ends. It returns at once. A terminal that is stopped holds up
// nothing: what it cannot take is not printed.
func (s *Simulation) PrintMessages(ctx context.Context, w io.Writer) {
	events, stop := s.Console.Feed.Listen()
	go func() {
		for {
			printMessages(ctx, w, events)
			stop()
			if ctx.Err() != nil {
				return
			}
			events, stop = s.Console.Feed.Listen()
		}
	}()
}

// printMessages writes the messages among the events, until ctx or the events end.
func printMessages(ctx context.Context, w io.Writer, events <-chan console.Event) {
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-events:
			if !open {
				return
			}
			var m simulator.Message
			if event.Kind == console.KindMessage && json.Unmarshal(event.Data, &m) == nil {
				fmt.Fprintln(w, messageLine(m))
			}
		}
	}
}

// messageLine is what a developer copies from: "+14155552671  482913  sms".
func messageLine(m simulator.Message) string {
	to := m.To
	if !strings.ContainsAny(to, "+@") {
		to = "+" + to
	}
	return fmt.Sprintf("%s  %s  %s", to, m.PIN, m.Channel)
}
