package dynamodb

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

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

// stateOf returns what a PutItem has saved.
func stateOf(tb testing.TB, put []byte) state {
	tb.Helper()
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
		tb.Errorf("reading a saved item: %v", err)
	}
	saved := state{sends: call.Item.Sends.N, total: call.Item.Total.N}
	for _, sender := range call.Item.Senders.M {
		count, _, _ := strings.Cut(sender.S, ".") // and when its window ends
		sends, err := strconv.Atoi(count)
		if err != nil {
			tb.Errorf("reading a saved sender: %v", err)
		}
		saved.client = max(saved.client, sends)
	}
	for _, v := range call.Item.Verifications.L {
		saved.attempts = max(saved.attempts, v.M.Attempts.N)
		saved.strangers = max(saved.strangers, v.M.Others.N)
	}
	return saved
}

// mostSaved returns the most of each that any saved item had.
func (r *rig) mostSaved() state {
	r.tb.Helper()
	var most state
	for _, put := range r.proxy.Puts() {
		most = most.most(stateOf(r.tb, put))
	}
	return most
}
