package dynamodb

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// proxy stands between the product and DynamoDB Local. It has every call tell what
// capacity it consumed, keeps that, and makes chosen calls go wrong.
type proxy struct {
	tb       testing.TB
	upstream string
	url      string

	mu     sync.Mutex
	calls  []call
	saved  []state
	faults []*fault
	// read is closed once a BatchGetItem was answered, if not nil; loads wait for it.
	read chan struct{}
}

// call is one that reached the proxy.
type call struct {
	operation string // GetItem, BatchGetItem, PutItem, UpdateItem
	units     float64
	status    int
}

// fault is what becomes of the calls of an operation.
type fault struct {
	operation string
	skip      int // calls that are served before
	times     int // calls that meet it; 0 for all from then on
	met       int
	// lose has the effect and cuts the connection; otherwise the call has none, and
	// this error is answered.
	lose   bool
	status int
	name   string
}

func startProxy(tb testing.TB, upstream string) *proxy {
	tb.Helper()
	p := &proxy{tb: tb, upstream: upstream}
	server := httptest.NewServer(p)
	tb.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := r.Header.Get("X-Amz-Target")
	operation = operation[strings.LastIndex(operation, ".")+1:]
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f := p.meet(operation)
	if f != nil && !f.lose {
		p.note(call{operation: operation, status: f.status})
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#`+f.name+`","message":"for the test"}`)
		return
	}
	if operation == "GetItem" {
		p.awaitRead(r.Context())
	}
	answer, status, header := p.forward(r, measured(body))
	p.note(call{operation: operation, status: status, units: units(answer)})
	if operation == "PutItem" && status == http.StatusOK {
		p.keep(body)
	}
	if f != nil {
		panic(http.ErrAbortHandler) // the effect was, its answer is not
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// measured adds to a call that it tells its capacity.
func measured(body []byte) []byte {
	members := map[string]json.RawMessage{}
	if json.Unmarshal(body, &members) != nil {
		return body
	}
	members["ReturnConsumedCapacity"] = json.RawMessage(`"TOTAL"`)
	changed, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return changed
}

// units reads the capacity. A refused condition tells none; as documented it consumes
// one write unit for an item of less than 1 KB.
func units(answer []byte) float64 {
	var members struct {
		Type             string `json:"__type"`
		ConsumedCapacity struct{ CapacityUnits float64 }
	}
	_ = json.Unmarshal(answer, &members)
	if strings.HasSuffix(members.Type, "#ConditionalCheckFailedException") {
		return 1
	}
	return members.ConsumedCapacity.CapacityUnits
}

func (p *proxy) forward(r *http.Request, body []byte) ([]byte, int, http.Header) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, p.upstream+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header = r.Header.Clone()
	res, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller is gone, or DynamoDB Local is: the caller's test says so
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return answer, res.StatusCode, res.Header
}

func (p *proxy) meet(operation string) *fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.operation != operation {
			continue
		}
		if f.skip > 0 {
			f.skip--
			continue
		}
		if f.times > 0 && f.met >= f.times {
			continue
		}
		f.met++
		return f
	}
	return nil
}

func (p *proxy) note(c call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, c)
	if c.operation == "BatchGetItem" && p.read != nil {
		close(p.read)
		p.read = nil
	}
}

// loadAfterRead has the next loads take until what is read beside them was read. Nobody waits for that
// read where the load makes a refusal, whose end would cancel it: it leaves the function or it does not.
func (p *proxy) loadAfterRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read = make(chan struct{})
}

func (p *proxy) awaitRead(ctx context.Context) {
	p.mu.Lock()
	read := p.read
	p.mu.Unlock()
	if read == nil {
		return
	}
	select {
	case <-read:
	case <-ctx.Done():
	}
}

// state is what is charged in one saved item: the most of it that one code, or one client,
// has. The invariants of budgets hold in every one of them, and not only in the last.
type state struct {
	sends, client, total int
	attempts, strangers  int
}

// most returns the larger of each.
func (s state) most(other state) state {
	return state{
		max(s.sends, other.sends), max(s.client, other.client), max(s.total, other.total),
		max(s.attempts, other.attempts), max(s.strangers, other.strangers),
	}
}

// amount is a number in DynamoDB's JSON; absent it is zero.
type amount struct {
	N int `json:",string"`
}

// keep notes what a PutItem that took place has saved.
func (p *proxy) keep(put []byte) {
	var call struct {
		Item struct {
			Sends, Total amount
			Senders      struct {
				M map[string]struct{ S string }
			}
			Verifications struct {
				L []struct {
					M struct{ Attempts, Others amount }
				}
			}
		}
	}
	if err := json.Unmarshal(put, &call); err != nil {
		p.tb.Errorf("reading a saved item: %v", err)
	}
	saved := state{sends: call.Item.Sends.N, total: call.Item.Total.N}
	for _, sender := range call.Item.Senders.M {
		count, _, _ := strings.Cut(sender.S, ".") // and when its window ends
		sends, err := strconv.Atoi(count)
		if err != nil {
			p.tb.Errorf("reading a saved sender: %v", err)
		}
		saved.client = max(saved.client, sends)
	}
	for _, v := range call.Item.Verifications.L {
		saved.attempts = max(saved.attempts, v.M.Attempts.N)
		saved.strangers = max(saved.strangers, v.M.Others.N)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.saved = append(p.saved, saved)
}

// mostSaved returns the most of each that any saved item had.
func (p *proxy) mostSaved() state {
	p.mu.Lock()
	defer p.mu.Unlock()
	var most state
	for _, saved := range p.saved {
		most = most.most(saved)
	}
	return most
}

// inject starts a fault.
func (p *proxy) inject(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
}

// mend ends all faults, and says whether each was met.
func (p *proxy) mend() {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.met == 0 {
			p.tb.Errorf("no call met the fault of %s", f.operation)
		}
	}
	p.faults = nil
}

// spent is what calls cost since the last look.
type spent struct {
	Calls, Get, Put, Update int
	Read, Write             float64
}

func (p *proxy) spent() spent {
	p.mu.Lock()
	defer p.mu.Unlock()
	var s spent
	for _, c := range p.calls {
		s.Calls++
		switch c.operation {
		case "GetItem":
			s.Get++
			s.Read += c.units
		case "PutItem":
			s.Put++
			s.Write += c.units
		case "UpdateItem":
			s.Update++
			s.Write += c.units
		}
	}
	p.calls = nil
	return s
}
