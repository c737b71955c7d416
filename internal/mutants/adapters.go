package main

// The tests of a package, and those of the edge above it where the package alone
// cannot show what a guard is for.
var (
	stores   = []string{"./pkg/store"}
	counters = []string{"./pkg/ratelimit"}
	clients  = []string{"./pkg/infobip"}
	phones   = []string{"./pkg/phone"}
	names    = []string{"./pkg/pseudonym"}
	sources  = []string{"./pkg/secrets"}
)

var dynamoMutants = []mutant{
	{"reads may be stale", "ConsistentRead: aws.Bool(true)", "ConsistentRead: aws.Bool(false)"},
	{"new items overwrite others", "aws.String(\"attribute_not_exists(\" + attributeKey + \")\")", "nil"},
	{"saves overwrite others", "aws.String(attributeRevision + \" = :was\")", "aws.String(attributeRevision + \" = :was OR attribute_exists(\" + attributeKey + \")\")"},
	{"the refusing item does not come back", "\t\tReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,\n", ""},
	{"a lost answer is a conflict", "\tcase currentRevision == revision:\n\t\treturn revision, nil\n", ""},
	{"a conflict with a deleted item is unreadable state", "if len(refused.Item) == 0 {", "if false {"},
	{"an unreadable item is a new number", "\tn, revision, err := decode(out.Item)\n\tif err != nil {", "\tn, revision, err := decode(out.Item)\n\tif err != nil && n.Sends < 0 {"},
	{"a failing read is a new number", "\tif err != nil {\n\t\treturn otp.Number{}, \"\", fmt.Errorf(\"loading number: %w: %w\", otp.ErrUnavailable, err)\n\t}\n\tif len(out.Item) == 0 {", "\tif err != nil {\n\t\treturn otp.Number{}, \"\", nil\n\t}\n\tif len(out.Item) == 0 {"},
	{"revisions repeat", "_, _ = rand.Read(b[:])", "_ = rand.Read"},
}

var itemMutants = []mutant{
	{"the TTL comes early", "n.ForgetAt.Add(time.Second-1).Unix()", "n.ForgetAt.Unix()"},
	{"failures are not stored", "\tputInt(e, \"failures\", int64(n.Failures))\n", ""},
	{"the mark of a disabled number is not stored", "\tputTime(e, \"disabledAt\", n.DisabledAt)\n", ""},
	{"runs under way are not stored", "putList(e, \"pending\",", "putList(e, \"unread\","},
	{"an attribute of another kind counts as absent", "\tr.note(fmt.Errorf(\"attribute %s is not of its kind\", name))\n", "\t_ = name\n"},
	{"an item without revision is state", "\tif revision == \"\" {\n", "\tif revision == \"none\" {\n"},
}

var memoryStoreMutants = []mutant{
	{"saves overwrite others", "if current.revision != was {", "if false {"},
	{"nothing is forgotten", "if ok && !m.clock.Now().Before(e.number.ForgetAt) {", "if ok && false {"},
	{"loads share memory", "return current.number.Clone(), current.revision, nil", "return current.number, current.revision, nil"},
	{"saves share memory", "entry{number: n.Clone(), revision: revision}", "entry{number: n, revision: revision}"},
	{"items are not swept", "\tm.sweep()\n", ""},
}

var counterMutants = []mutant{
	{"one hit more than the limit", "Allowed:   hits <= limit.Attempts,", "Allowed:   hits <= limit.Attempts+1,"},
	{"every hit is allowed", "Allowed:   hits <= limit.Attempts,", "Allowed:   true,"},
	{"a failing counter allows", "\tif err != nil {\n\t\treturn Decision{}, err\n\t}\n", "\tif err != nil {\n\t\treturn Decision{Allowed: true}, nil\n\t}\n"},
	{"all IPv4-mapped addresses share a bucket", "addr.Unmap().WithZone(\"\")", "addr.WithZone(\"\")"},
	{"every IPv6 address has a bucket", "const ipv6Network = 64", "const ipv6Network = 128"},
	{"all of IPv6 shares a bucket", "const ipv6Network = 64", "const ipv6Network = 1"},
}

var dynamoCounterMutants = []mutant{
	{"an error is a count", "return 0, time.Time{}, fmt.Errorf(\"counting a request: %w\", err)", "_ = fmt.Errorf\n\t\t\t\treturn 0, now, nil"},
	{"an unreadable counter is none", "return 0, time.Time{}, errUnreadable\n\t}\n\tcount", "return 0, time.Time{}, nil\n\t}\n\tcount"},
	{"the to and fro goes on and on", "for range maxTries {", "for range 10 * maxTries {"},
	{"the TTL comes early", "number(ends.Add(time.Second - 1).Unix())", "number(ends.Unix())"},
}

// Only the real table knows what a condition means.
var realCounterMutants = []mutant{
	{"a window never ends", "ConditionExpression: aws.String(\"attribute_not_exists(pk) OR ends > :now\"),", "ConditionExpression: aws.String(\"attribute_not_exists(pk) OR ends > :now OR ends <= :now\"),"},
	{"a window starts anew with every hit", "ends > :now\"),", "(ends > :now AND ends <= :now)\"),\n"},
	{"a restart overtakes a running window", "ConditionExpression: aws.String(\"attribute_not_exists(pk) OR ends <= :now\"),", ""},
}

var memoryCounterMutants = []mutant{
	{"a window never ends", "if !ok || !now.Before(w.ends) {", "if !ok {"},
	{"a window moves with every hit", "\tw.hits++\n", "\tw.hits++\n\tw.ends = now.Add(length)\n"},
	{"hits are not counted", "\tw.hits++\n", ""},
	{"windows are not swept", "\tm.sweep(now)\n", ""},
}

var phoneMutants = []mutant{
	{"country codes that begin with zero", "|| digits[0] == '0' {", "{"},
	{"anything but digits", "if digits[i] < '0' || digits[i] > '9' {", "if digits[i] < '0' {"},
	{"numbers that nobody has", "\tif !ok {\n", "\tif !ok && region != \"\" {\n"},
	{"two forms of one number", "\tif len(e164) == len(digits) {\n\t\te164 = \"+\" + digits\n\t}\n", ""},
	{"numbers print themselves", "func (Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }", "func (n Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.e164) }"},
	{"numbers log themselves", "func (Number) LogValue() slog.Value { return slog.StringValue(redacted) }", "func (n Number) LogValue() slog.Value { return slog.StringValue(n.e164) }"},
	{"numbers marshal themselves", "func (Number) MarshalText() ([]byte, error) { return []byte(redacted), nil }", "func (n Number) MarshalText() ([]byte, error) { return []byte(n.e164), nil }"},
}

var pseudonymMutants = []mutant{
	{"names are clear text", "return base64.RawURLEncoding.EncodeToString(k.mac(label, parts...))", "return base64.RawURLEncoding.EncodeToString(k.mac(label, parts...)) + parts[len(parts)-1]"},
	{"names are not framed", "\t\th.Write(length[:])\n", ""},
	{"labels share names", "\twrite(label)\n", ""},
	{"names of two keys meet", "return \"number#\" + k.version + \"#\" +", "return \"number#\" +"},
	{"routes share counters", "k.name(\"client\", route, client)", "k.name(\"client\", client)"},
	{"short keys", "if len(secret) != KeySize {", "if len(secret) == 0 {"},
	{"keys print themselves", "func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }", "func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write(k.secret()) }"},
}

var secretMutants = []mutant{
	{"a secret is never read again", "s.clock.Now().Sub(s.readAt) < lifetime", "true"},
	{"a refused key is used again", "if fresh && good(*s.cached) {", "if fresh {"},
	{"a read has no end", "ctx, cancel := context.WithTimeout(ctx, readTimeout)", "ctx, cancel := context.WithCancel(ctx)"},
}

var verifyAnswerMutants = []mutant{
	{"a success about another number", "if msisdn == \"\" || msisdn != number {", "if msisdn == \"\" {"},
	{"a success about no number", "if msisdn == \"\" || msisdn != number {", "if msisdn != \"\" && msisdn != number {"},
	{"a success about another pinId", "if answer.has(\"pinId\") && answer.text(\"pinId\") != pinID {", "if false {"},
	{"an answer cut short", "\tif cut != nil {\n\t\treturn 0, unusable(r, res, cut", "\tif cut != nil && res.status == 0 {\n\t\treturn 0, unusable(r, res, cut"},
	{"an unusable answer is a verdict", "\tif reason != \"\" {\n", "\tif reason != \"\" && res.status == 0 {\n"},
	{"a success beside a failure", "case answer.isTrue(\"verified\") && failure != nil:", "case false:"},
	{"an answer without a word is wrong", "case failure == nil && !answer.isFalse(\"verified\") && pinError == \"\":", "case false:"},
	{"attempts are looked at before the success", "\tcase answer.isTrue(\"verified\"):", "\tcase answer.isTrue(\"verified\") && !answer.noneLeft(\"attemptsRemaining\"):"},
	{"a repeat passes for a first verify", "\tr.repeat = true\n", ""},
	{"what failed is asked about again and again", "if !repeatable(first) || !c.waitToRepeat(ctx, first.RetryAfter) {", "if !c.waitToRepeat(ctx, first.RetryAfter) {"},
	{"a second call's effect hides the first's", "\t\t\tEffect:     otp.Unknown,\n", "\t\t\tEffect:     second.Effect,\n"},
	{"the deadline leaves no room for a second call", "if bounded && time.Until(deadline) < wait+c.wire.timeout+c.wire.reserve {", "if bounded && time.Until(deadline) < wait {"},
}

var answerMutants = []mutant{
	{"any true word is a success", "func (o object) isTrue(name string) bool { return o[name].Kind() == jsontext.KindTrue }", "func (o object) isTrue(name string) bool {\n\treturn o[name].Kind() == jsontext.KindTrue || o.text(name) == \"true\"\n}"},
	{"more than one object is an answer", "if !errors.Is(err, io.EOF) {", "if errors.Is(err, io.ErrClosedPipe) {"},
}

var clientMutants = []mutant{
	{"sends share connections", "\tr.once = true\n", ""},
	{"a send that was not made counts as sent", "if answer.text(\"smsStatus\") == \"MESSAGE_NOT_SENT\" || strings.Contains", "if strings.Contains"},
	{"an unreachable phone counts as reached", "answer.text(\"smsStatus\") == \"MESSAGE_NOT_SENT\" || strings.Contains(answer.text(\"ncStatus\"), \"NOT_REACHABLE\")", "answer.text(\"smsStatus\") == \"MESSAGE_NOT_SENT\""},
	{"a send without a handle is a success", "\tif !isPinID(pinID) {\n\t\treturn \"\", unusable", "\tif false {\n\t\treturn \"\", unusable"},
	{"a handle leads to another path", "return id != \"\" && len(id) <= maxPinID && id != \".\" && id != \"..\"", "return id != \"\" && len(id) <= maxPinID"},
	{"the wire's own numbers are not checked", "func isNumber(number string) bool { return number != \"\" && digits(number) == number }", "func isNumber(number string) bool { return number != \"\" }"},
	{"no second try after a refused key", "if res.status == http.StatusUnauthorized {", "if false {"},
}

var outcomeMutants = []mutant{
	{"a cut answer means not sent", "if cut != nil && !cut.Sent {", "if cut != nil {"},
	{"a server's error means not sent", "case status < 400 || status >= 500:", "case status < 400:"},
	{"limits are refusals", "case status == http.StatusTooManyRequests || said.aboutLimits():", "case false:"},
	{"a wrong address ends every code", "case said.noSuchURL():", "case false:"},
	{"another host ends every code", "case status == http.StatusNotFound && !said.fromAPI():", "case false:"},
	{"an unknown PIN is an error", "case status == http.StatusNotFound:", "case false:"},
	{"a bad pinId is refused for ever", "case status == http.StatusBadRequest && said.badRequest():", "case false:"},
	{"an older id of what is not known is a refusal", "case said.notFound():", "case false:"},
	{"a PIN's own word in an id is a refusal", "case byID != nil:", "case false:"},
	{"a PIN's own word in a text is a refusal", "case byText != nil:", "case false:"},
	{"a PIN verified before our repeat has a verdict", "by which call\", refused, notKnown, gone, unknown}", "by which call\", refused, notKnown, gone, gone}"},
	{"a wait without end is believed", "return min(max(date.Sub(now), 0), maxRetryAfter)", "return max(date.Sub(now), 0)"},
}

var wordMutants = []mutant{
	{"an expired PIN is a wrong one", "\tcase strings.Contains(word, \"EXPIRED\"), ", "\tcase "},
	{"an exhausted PIN is a wrong one", "\tcase strings.Contains(word, \"ATTEMPT\"):", "\tcase false:"},
	{"too many attempts are a limit", " && !strings.Contains(said, \"attempt\")", ""},
	{"a bad member is a bad pinId", "&& !r.invalid && !r.aboutAccount()", "&& !r.aboutAccount()"},
	{"a disabled application is a bad pinId", "&& !r.invalid && !r.aboutAccount()", "&& !r.invalid"},
	{"an expired key ends every code", "func aboutCaller(status int) bool {\n", "func aboutCaller(status int) bool {\n\tstatus = 0\n"},
}

var connectionMutants = []mutant{
	{"connections of sends are kept", "\t\tsingle.DisableKeepAlives = true\n", ""},
	{"old connections are used", "\t\tcloseIdle(c.kept)\n\t}\n\treturn", "\t}\n\treturn"},
	{"a connection's age stands still with the process", "\tc.lastUse = c.now().Round(0)\n", "\tc.lastUse = c.now()\n"},
}

var wireMutants = []mutant{
	{"any status is a success", "return r.status >= 200 && r.status <= 299", "return r.status != 0"},
	{"the transport repeats a send", "\treq.GetBody = nil\n", ""},
	{"a failure on a connection means not sent", "if err != nil && reached.never() {", "if err != nil {"},
	{"a transport that says nothing was not reached", "return r.asked.Load() && !r.got.Load()", "return !r.got.Load()"},
	{"answers without end", "io.LimitReader(res.Body, maxAnswer+1)", "res.Body"},
	{"a call takes the time its record needs", "left := min(w.timeout, time.Until(deadline)-w.reserve)", "left := min(w.timeout, time.Until(deadline))"},
}
