package otp

import "context"

// sealing is the Seal of one request, beside the save of its success.
type sealing struct {
	request *VerifyRequest
	success Success // that it was begun with
	cancel  context.CancelFunc
	done    chan struct{} // nil: it was not begun
}

// seal calls Seal, if there is one.
func (r *VerifyRequest) seal(ctx context.Context, success Success) {
	if r.Seal != nil {
		r.Seal(ctx, success)
	}
}

// begin starts Seal, once: a save that is repeated decides the same again, nearly always.
func (s *sealing) begin(ctx context.Context, success Success) {
	if s.request.Seal == nil || s.done != nil {
		return
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.success, s.done = success, make(chan struct{})
	go func() {
		defer close(s.done)
		s.request.Seal(ctx, success)
	}()
}

// end waits for Seal, and calls it again if it had another success than was recorded.
func (s *sealing) end(ctx context.Context, recorded Success) {
	if s.done != nil {
		<-s.done
		s.cancel()
	}
	if s.done == nil || !s.success.At.Equal(recorded.At) || s.success.Channel != recorded.Channel {
		s.request.seal(ctx, recorded)
	}
}

// drop ends Seal: nothing was recorded.
func (s *sealing) drop() {
	if s.done != nil {
		s.cancel()
		<-s.done
	}
}
