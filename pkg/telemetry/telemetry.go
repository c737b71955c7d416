// Package telemetry sets up the log: JSON lines with the member names that Lambda's
// own lines have, and declares the metrics that CloudWatch takes out of them.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// NewLogger writes JSON lines to w from the level on that AWS_LAMBDA_LOG_LEVEL names
// (TRACE, DEBUG, INFO, WARN, ERROR, FATAL; empty is INFO). Lines within an invocation
// carry its requestId.
//
// lambdacontext.NewLogger is not used because it writes text unless the function's
// log format says otherwise, and a line should be the same wherever it is written.
func NewLogger(w io.Writer, level string) *slog.Logger {
	return slog.New(requestHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{
		ReplaceAttr: lambdacontext.ReplaceAttr,
	}), parseLevel(level)})
}

// Unfiltered returns a logger that writes where this one of [NewLogger] does, lines of
// every level. The line of a request is one of them: metrics are made of it, and a level
// that keeps it back would have every alarm rest.
func Unfiltered(logger *slog.Logger) *slog.Logger {
	h, ours := logger.Handler().(requestHandler)
	if !ours {
		return logger
	}
	h.least = math.MinInt
	return slog.New(h)
}

func parseLevel(level string) slog.Level {
	switch level {
	case "TRACE", "DEBUG":
		return slog.LevelDebug
	case "WARN":
		return slog.LevelWarn
	case "ERROR", "FATAL":
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// requestHandler adds the id of the Lambda invocation, and keeps back what is below the
// least level.
type requestHandler struct {
	slog.Handler

	least slog.Level
}

func (h requestHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.least }

func (h requestHandler) Handle(ctx context.Context, record slog.Record) error {
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		record.AddAttrs(slog.String("requestId", invocation.AwsRequestID))
	}
	if err := h.Handler.Handle(ctx, record); err != nil {
		return fmt.Errorf("writing the log: %w", err)
	}
	return nil
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs), h.least}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name), h.least}
}
