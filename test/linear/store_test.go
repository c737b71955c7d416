package linear

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/store"
	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// storeInput is a load, or a save of a value that nobody else saves. Sends carries the
// value.
type storeInput struct {
	save  bool
	was   int // the value that the revision given to Save belongs to; 0 is none
	value int
}

type storeOutput struct {
	value    int // loaded, or found by a save that came too late
	conflict bool
	unknown  bool
	// lost: an answer was lost on the way, and the SDK repeated the call.
	lost bool
}

// storeModel is one register with compare-and-swap.
var storeModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{0} },
	Step: func(state, in, out any) []any {
		current, input, output := state.(int), in.(storeInput), out.(storeOutput)
		switch {
		case output.unknown && input.save && current == input.was:
			return []any{current, input.value} // it took effect, or it did not
		case output.unknown:
			return []any{current}
		case !input.save && output.value == current:
			return []any{current}
		case input.save && output.conflict && output.value == current && current != input.was:
			return []any{current}
		case input.save && output.conflict && output.lost && current == input.was:
			// The first try won, its answer was lost, and somebody saved on top before the
			// repeat: what the domain recognises its own runs for.
			return []any{input.value}
		case input.save && !output.conflict && current == input.was:
			return []any{input.value}
		}
		return nil
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
}

func TestStoreIsLinearizable(t *testing.T) {
	endpoint := harness.DynamoDBLocal(t)
	const rounds, clients, steps = 20, 4, 12
	table := harness.Table(t, endpoint)
	var lost int64
	saved, conflicts, unknown := new(atomic.Int64), new(atomic.Int64), new(atomic.Int64)
	for round := range rounds {
		h := &history{began: time.Now()}
		var values atomic.Int64
		var group sync.WaitGroup
		wires := make([]*lossy, clients)
		for c := range clients {
			wires[c] = &lossy{oneIn: 6}
			numbers := store.NewDynamoDB(client(endpoint, wires[c]), table)
			group.Go(func() {
				s := storeClient{t: t, h: h, numbers: numbers, wire: wires[c], key: fmt.Sprint("number#", round), id: c}
				for range steps {
					s.load()
					if s.known {
						s.save(int(values.Add(1)), saved, conflicts, unknown)
					}
				}
			})
		}
		group.Wait()
		for _, wire := range wires {
			lost += wire.lost.Load()
		}
		h.check(t, storeModel.ToModel())
	}
	t.Logf("%d saves, %d conflicts, %d unknown outcomes, %d answers lost", saved.Load(), conflicts.Load(), unknown.Load(), lost)
	if saved.Load() == 0 || conflicts.Load() == 0 || unknown.Load() == 0 {
		t.Error("the histories did not meet saves, conflicts and unknown outcomes")
	}
}

type storeClient struct {
	t        *testing.T
	h        *history
	numbers  otp.Store
	wire     *lossy
	key      string
	id       int
	known    bool
	value    int
	revision otp.Revision
}

func (s *storeClient) load() {
	s.h.record(s.id, storeInput{}, func() (any, bool) {
		n, revision, err := s.numbers.Load(s.t.Context(), s.key)
		s.known, s.value, s.revision = err == nil, n.Sends, revision
		return storeOutput{value: n.Sends, unknown: err != nil}, err == nil
	})
}

func (s *storeClient) save(value int, saved, conflicts, unknown *atomic.Int64) {
	s.h.record(s.id, storeInput{save: true, was: s.value, value: value}, func() (any, bool) {
		before := s.wire.lost.Load()
		n := otp.Ledger{Sends: value, ForgetAt: time.Now().Add(time.Hour)}
		_, err := s.numbers.Save(s.t.Context(), s.key, n, s.revision)
		if conflict, ok := errors.AsType[*otp.Conflict](err); ok {
			conflicts.Add(1)
			return storeOutput{conflict: true, value: conflict.Current.Sends, lost: s.wire.lost.Load() > before}, true
		}
		if err != nil {
			unknown.Add(1)
			return storeOutput{unknown: true}, false
		}
		saved.Add(1)
		return storeOutput{}, true
	})
}
