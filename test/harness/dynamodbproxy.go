package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/seed-a131a524/infobip-otp/internal/cost"
)

// DynamoDBProxy stands between the product and DynamoDB Local. It has every call tell what
// capacity it consumed, keeps that, and makes chosen calls go wrong.
type DynamoDBProxy struct {
	// URL is where the product reaches it, Upstream is DynamoDB Local itself.
	URL, Upstream string

	tb testing.TB

	mu     sync.Mutex
	spent  Spent
	puts   [][]byte
	faults []*DynamoDBFault
	// read is closed once a BatchGetItem is answered, if not nil.
	read chan struct{}
}

// Spent is what calls cost. Calls counts all of them, those of other operations too.
type Spent struct {
	Calls, Get, Put, Update int
	// Read and Write are capacity units.
	Read, Write float64
}

// Cost is the same in docs/cost.md's terms, which do not tell the operations apart.
func (s Spent) Cost() cost.Spent { return cost.Spent{Calls: s.Calls, Read: s.Read, Write: s.Write} }

// DynamoDBFault is what becomes of calls of an operation.
type DynamoDBFault struct {
	Operation string // PutItem
	Skip      int    // calls that are served before
	Times     int    // calls that meet it; 0 for all from then on
	// Lose lets the call have its effect and cuts the connection. Otherwise the call has no
	// effect, and this error is answered.
	Lose   bool
	Status int
	Name   string // ThrottlingException

	met int
}

// StartDynamoDBProxy starts a proxy, which ends with the test.
func StartDynamoDBProxy(tb testing.TB, upstream string) *DynamoDBProxy {
	tb.Helper()
	p := &DynamoDBProxy{tb: tb, Upstream: upstream}
	server := httptest.NewServer(p)
	tb.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

func (p *DynamoDBProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f := p.meet(operation)
	if f != nil && !f.Lose {
		p.note(operation, nil)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#`+f.Name+`","message":"for the test"}`)
		return
	}
	if operation == "GetItem" {
		p.awaitRead(r.Context())
	}
	answer, status, header := p.forward(r, body)
	p.note(operation, answer)
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

// forward makes the call at DynamoDB Local, and has it tell its capacity.
func (p *DynamoDBProxy) forward(r *http.Request, body []byte) ([]byte, int, http.Header) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		panic(http.ErrAbortHandler)
	}
	members["ReturnConsumedCapacity"] = json.RawMessage(`"TOTAL"`)
	measured, err := json.Marshal(members)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, p.Upstream, bytes.NewReader(measured))
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

// meet returns the fault that a call of this operation meets, if any.
func (p *DynamoDBProxy) meet(operation string) *DynamoDBFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.Operation != operation {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 && f.met >= f.Times {
			continue
		}
		f.met++
		return f
	}
	return nil
}

// note counts a call.
func (p *DynamoDBProxy) note(operation string, answer []byte) {
	consumed := units(answer)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent.Calls++
	switch operation {
	case "GetItem":
		p.spent.Get++
		p.spent.Read += consumed
	case "BatchGetItem":
		p.spent.Read += consumed
		if p.read != nil {
			close(p.read)
			p.read = nil
		}
	case "PutItem":
		p.spent.Put++
		p.spent.Write += consumed
	case "UpdateItem":
		p.spent.Update++
		p.spent.Write += consumed
	}
}

// units returns the capacity that an answer tells. A refused condition tells none; as
// documented it consumes one write unit for an item of less than 1 KB.
func units(answer []byte) float64 {
	type capacity struct{ CapacityUnits float64 }
	var members struct {
		Type             string          `json:"__type"`
		ConsumedCapacity json.RawMessage // of one table, or a list
	}
	_ = json.Unmarshal(answer, &members)
	if strings.HasSuffix(members.Type, "#ConditionalCheckFailedException") {
		return 1
	}
	var one capacity
	if json.Unmarshal(members.ConsumedCapacity, &one) == nil {
		return one.CapacityUnits
	}
	var several []capacity
	_ = json.Unmarshal(members.ConsumedCapacity, &several)
	sum := 0.0
	for _, c := range several {
		sum += c.CapacityUnits
	}
	return sum
}

func (p *DynamoDBProxy) keep(put []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.puts = append(p.puts, put)
}

// Puts returns the requests of the PutItems that took place, from the first on.
func (p *DynamoDBProxy) Puts() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.puts[:len(p.puts):len(p.puts)]
}

// Inject starts a fault.
func (p *DynamoDBProxy) Inject(f DynamoDBFault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
}

// Mend ends all faults. One that no call has met is an error: its test was about nothing.
func (p *DynamoDBProxy) Mend() {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.met == 0 {
			p.tb.Errorf("no call met the fault of %s", f.Operation)
		}
	}
	p.faults = nil
}

// LoadAfterRead has the next GetItem wait until a BatchGetItem is answered. A load that makes a
// refusal ends what is read beside it, which otherwise has left the function by then or has not.
func (p *DynamoDBProxy) LoadAfterRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read = make(chan struct{})
}

// awaitRead waits for the BatchGetItem that a GetItem has to come after, if there is one.
func (p *DynamoDBProxy) awaitRead(ctx context.Context) {
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

// Spent returns what was spent since it was last asked.
func (p *DynamoDBProxy) Spent() Spent {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.spent
	p.spent = Spent{}
	return s
}
