package dynamodb

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// During a deployment two versions share the table, and after it the items of the older one
// are still there: pkg/store/testdata has one of each shape that was ever written.

var testdata = filepath.Join(harness.Root(), "pkg", "store", "testdata")

// standing is whether an item's number has been closed for its failures.
type standing bool

const (
	open   standing = true
	closed standing = false
)

// object is a part of an item in DynamoDB's own JSON.
type object = map[string]any

// older sends a code, and puts in the place of its item one of a shape, which is about the
// same code: with the names and kinds of its file, and moments at which the code is alive.
// It returns the code's id.
func (r *rig) older(file string, number standing) string {
	r.tb.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		r.tb.Fatal(err)
	}
	var item object
	if err := json.Unmarshal(raw, &item); err != nil {
		r.tb.Fatalf("%s: %v", file, err)
	}
	if _, shut := item["disabledAt"]; number == closed && !shut {
		r.tb.Fatalf("%s is not of a closed number", file)
	}
	if number == open {
		delete(item, "disabledAt")
	}
	id := r.sendBy("voice").want(r.tb, 200, "").VerificationID
	l, key := harness.OnlyLedger(r.tb, harness.DynamoDB(r.proxy.Upstream), r.table)
	setMoments(item, r.clock.Now())
	item["pk"] = object{"S": key}
	code := item["verifications"].(object)["L"].([]any)[0].(object)["M"].(object)
	code["id"], code["pinId"] = object{"S": id}, object{"S": l.Verifications[0].PinID}
	r.put(item)
	return id
}

// setMoments lets all that ends in an item end in five minutes, and all else that has a
// moment have been a minute ago.
func setMoments(item object, now time.Time) {
	ends, was := now.Add(5*time.Minute), now.Add(-time.Minute)
	for name, attribute := range item {
		value := attribute.(object)
		_, number := value["N"]
		switch {
		case name == "ttl":
			value["N"] = strconv.FormatInt(ends.Unix()+1, 10)
		case number && (strings.HasSuffix(name, "Ends") || name == "expiresAt"):
			value["N"] = strconv.FormatInt(ends.UnixMilli(), 10)
		case number && strings.HasSuffix(name, "At"):
			value["N"] = strconv.FormatInt(was.UnixMilli(), 10)
		case name == "senders":
			for _, sender := range value["M"].(object) {
				sends, _, _ := strings.Cut(sender.(object)["S"].(string), ".")
				sender.(object)["S"] = sends + "." + strconv.FormatInt(ends.UnixMilli(), 36)
			}
		case name == "verifications" || name == "resends":
			for _, inner := range value["L"].([]any) {
				setMoments(inner.(object)["M"].(object), now)
			}
		}
	}
}

// put writes an item as it is, past the product and its client.
func (r *rig) put(item object) {
	r.tb.Helper()
	body := harness.JSON(r.tb, object{"TableName": r.table, "Item": item})
	request, err := http.NewRequestWithContext(r.tb.Context(), http.MethodPost, r.proxy.Upstream, bytes.NewReader(body))
	if err != nil {
		r.tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810.PutItem")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+harness.AccessKeyID+"/20260101/"+harness.Region+
		"/dynamodb/aws4_request, SignedHeaders=host, Signature=none")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.tb.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		r.tb.Fatalf("putting an item: %d %s (%v)", response.StatusCode, answer, err)
	}
}

func TestItemsOfOlderVersions(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "[0-9]*.json")) // of numbers
	if err != nil || len(files) < 2 {
		t.Fatalf("%d items of older versions were found (%v)", len(files), err)
	}
	begin := func(t *testing.T, file string) (*rig, string) {
		t.Helper()
		r := newRig(t, free("CHANNELS", "sms,voice"))
		return r, r.older(file, open)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name+"/verify", func(t *testing.T) {
			r, id := begin(t, file)
			pin := r.pin()
			// Two attempts were charged before.
			if a := r.verifyNamed(id, wrong(pin)).want(t, 401, "invalid_or_expired"); *a.AttemptsRemaining != 2 {
				t.Errorf("%d attempts are left, want 2", *a.AttemptsRemaining)
			}
			r.verifyNamed(id, pin).want(t, 200, "")
			r.verifyNamed(id, pin).want(t, 401, "invalid_or_expired")
			r.wantCalls("verify", 2)
		})
		t.Run(name+"/resend", func(t *testing.T) {
			r, id := begin(t, file)
			r.resend(id, key("one")...).want(t, 200, "")
			r.resend(id, key("one")...).want(t, 200, "")
			r.wantCalls("resend", 1)
			r.verifyNamed(id, r.pin()).want(t, 200, "")
		})
		t.Run(name+"/send", func(t *testing.T) {
			r, id := begin(t, file)
			old := r.pin()
			r.send().want(t, 200, "")
			r.verify(r.pin()).want(t, 200, "") // the newest
			r.verifyNamed(id, old).want(t, 200, "")
			if l := r.ledger(); l.Sends != 0 || len(l.Failures) != 0 || l.VerifiedAt.IsZero() {
				t.Errorf("after two successes %d sends and failures %v are charged, known %t", l.Sends, l.Failures, !l.VerifiedAt.IsZero())
			}
		})
	}
}

// TestNumberThatAnOlderVersionClosed is closed for as long as this version's rule says.
func TestNumberThatAnOlderVersionClosed(t *testing.T) {
	r := newRig(t, free("CHANNELS", "sms,voice"))
	r.older(filepath.Join(testdata, "1.json"), closed)
	r.verify(r.pin()).want(t, 401, "invalid_or_expired")
	r.wantCalls("verify", 0)
	r.send().want(t, 429, "number_limited")
	r.advance(24*time.Hour - 2*time.Minute) // it was closed a minute ago
	r.send().want(t, 429, "number_limited")
	r.advance(2 * time.Minute)
	r.send().want(t, 200, "")
	r.verify(r.pin()).want(t, 200, "")
}
