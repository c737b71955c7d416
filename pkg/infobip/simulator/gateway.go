package simulator

import (
	"errors"
	"reflect"
	"slices"
	"time"
)

// opGateway is the operation of faults that no call of the API listener meets: they are
// for what stands before the functions, which `make run` plays.
const opGateway = "gateway"

// GatewayFault is an answer of API Gateway itself.
type GatewayFault struct {
	// Status of the answer; 0 for none of its own: the request is only delayed.
	Status int
	// Effect reports whether the function carries the request out all the same, as one
	// does that answers after API Gateway has given up.
	Effect bool
	// Delay before the answer.
	Delay time.Duration
	// Drop reports whether the connection is cut in place of an answer; Effect says
	// whether before or after the function has carried the request out.
	Drop bool
}

// TakeGatewayFault returns the first fault for the gateway that a request meets, and
// counts it as met. It reports whether there was one.
func (s *Simulator) TakeGatewayFault() (GatewayFault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, fault := range s.faults {
		if fault.Operation != opGateway || !fault.meet() {
			continue
		}
		if fault.spent() {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		delay, _ := fault.delay() // checked when the fault was added
		return GatewayFault{
			Status: fault.Status,
			Effect: fault.Drop == dropAfter || fault.Effect != nil && *fault.Effect,
			Delay:  delay,
			Drop:   fault.Drop != "",
		}, true
	}
	return GatewayFault{}, false
}

// meet counts a call that the fault is about, and reports whether it meets the fault.
func (f *activeFault) meet() bool {
	f.seen++
	if f.Every > 1 && f.seen%f.Every != 0 {
		return false
	}
	f.met++
	return true
}

// spent reports whether the fault was met as often as it was to be.
func (f *activeFault) spent() bool { return f.Times > 0 && f.met >= f.Times }

// checkGateway refuses what API Gateway cannot answer.
func (f *Fault) checkGateway() error {
	plain := Fault{Operation: f.Operation, Times: f.Times, Every: f.Every, Delay: f.Delay, Drop: f.Drop, Status: f.Status, Effect: f.Effect}
	switch {
	case !reflect.DeepEqual(*f, plain):
		return errors.New("a fault of the gateway has status, effect, delay, drop, times and every, nothing else")
	case f.Status == 0 && f.Delay == "" && f.Drop == "":
		return errors.New("a fault of the gateway needs a status, a delay or a drop")
	case f.Drop == dropDuring:
		return errors.New("the gateway drops before or after the effect")
	case f.Status != 0 && f.Status < 400:
		return errors.New("the gateway itself answers with statuses from 400 only")
	}
	return nil
}
