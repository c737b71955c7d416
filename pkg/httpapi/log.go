package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// log writes the one line of a request, which is a record of its metrics too. It holds no number, PIN, pinId, verification
// id, address or key: a number is named by its pseudonym and region, an e-mail address by
// its pseudonym under another name, and what a client wrote (paths included) is not repeated.
func (h *Handler) log(ctx context.Context, r *request, status int, code string, cause error, took time.Duration) {
	level := slog.LevelInfo
	const usual = 32 // members of a line at most, metrics among them
	attrs := append(make([]slog.Attr, 0, usual),
		slog.String("apiRequestId", r.event.RequestContext.RequestID),
		slog.String("route", r.routeName()),
		slog.Int("status", status),
		slog.String("code", code),
		slog.Float64("durationMs", milliseconds(took)),
	)
	if r.logName != "" {
		attrs = append(attrs, slog.String(string(r.recipient.Kind()), r.logName))
	}
	if region := r.recipient.Region(); region != "" {
		attrs = append(attrs, slog.String("region", region))
	}
	if t := r.trace; t.ProviderOutcome != "" {
		attrs = append(attrs, slog.String("provider", t.ProviderOutcome), slog.Float64("providerMs", milliseconds(t.ProviderTime)))
	}
	if r.trace.Conflicts > 0 {
		attrs = append(attrs, slog.Int("conflicts", r.trace.Conflicts))
	}
	if r.trace.WriteRetries > 0 {
		attrs = append(attrs, slog.Int("writeRetries", r.trace.WriteRetries))
	}
	if r.trace.Repeat {
		attrs = append(attrs, slog.Bool("repeat", true))
	}
	if r.trace.Test {
		attrs = append(attrs, slog.Bool("test", true))
	}
	if r.trace.Channel != "" {
		attrs = append(attrs, slog.String("channel", string(r.trace.Channel)))
	}
	if r.trace.Locale != "" {
		attrs = append(attrs, slog.String("locale", r.trace.Locale))
	}
	if seen := r.trace.Guard; len(seen) > 0 {
		group := make([]slog.Attr, len(seen))
		for i, f := range seen {
			group[i] = slog.String(f.Name, f.Value)
		}
		attrs = append(attrs, slog.GroupAttrs("guard", group...))
	}
	if r.lost != nil {
		attrs = append(attrs, slog.String("giveBack", "lost: "+r.lost.Error()))
	}
	if r.trace.Disabled {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("event", "number_disabled"))
	}
	if r.trace.Unrecorded {
		level = slog.LevelError
		attrs = append(attrs, slog.String("event", "activate_failed"))
	}
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if _, ordinary := errors.AsType[*refusal](cause); cause != nil && !ordinary {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	if p, ok := errors.AsType[*panicked](cause); ok {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	if h.metrics != nil {
		measured := r.measure(code, cause)
		attrs = h.metrics.Append(attrs, time.Now(), &measured)
	}
	h.logger.LogAttrs(ctx, level, "request", attrs...)
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000 //nolint:mnd // microseconds in a millisecond
}
