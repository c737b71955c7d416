// Package metrics reads where a program's metrics go. It is apart from package app because
// discovery, which holds no state, needs nothing else of it.
package metrics

import (
	"errors"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// Read reads the settings that all functions have. What is missing is the target's to tell
// ([telemetry.Target.Check]).
func Read(r *settings.Reader) telemetry.Target {
	return telemetry.Target{Namespace: r.Text("METRICS_NAMESPACE"), Stage: r.Text("STAGE")}
}

// Emitter returns the emitter of a function that reads no other settings.
func Emitter(getenv func(string) string) (*telemetry.Emitter, error) {
	r := settings.NewReader(getenv)
	target := Read(r)
	if err := errors.Join(r.Err(), target.Check()); err != nil {
		return nil, err
	}
	return telemetry.NewEmitter(target), nil
}
