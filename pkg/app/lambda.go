package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// warmBudget bounds the warm-up, in which Lambda gives a function its full CPU.
const warmBudget = 2 * time.Second

// samLocal is set by `sam local` alone: a function there runs on a laptop.
const samLocal = "AWS_SAM_LOCAL"

// MustStart returns the App of a function, warmed up. A bad setting ends the program with
// a log line that names it.
func MustStart(function settings.Program) *App {
	// The logger has to be there before the settings are read, to say what is wrong with them.
	logger := telemetry.NewLogger(os.Stdout, os.Getenv("AWS_LAMBDA_LOG_LEVEL"))
	a, err := start(function, os.Getenv, logger)
	if err != nil {
		logger.Error("configuration", slog.String("cause", oneLine(err)))
		os.Exit(1)
	}
	return a
}

// oneLine writes joined errors as the log has them.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

func start(function settings.Program, getenv func(string) string, logger *slog.Logger) (*App, error) {
	c, err := ReadConfig(getenv)
	if err != nil {
		return nil, err
	}
	c.Function = function
	if err := errors.Join(c.CheckDeployed(), c.CheckMessages()); err != nil {
		return nil, err
	}
	if getenv(samLocal) != "" {
		c.Function = 0 // on a laptop
	}
	a, err := New(c, Clock{}, logger)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), warmBudget)
	defer cancel()
	a.Warm(ctx)
	if err := a.tests.check(ctx, time.Now()); err != nil {
		return nil, err
	}
	return a, nil
}
