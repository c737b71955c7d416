package main

var edge = []string{"./pkg/httpapi"}

var bodyMutants = []mutant{
	{"any content type", "\tif !isJSON(header(event, \"content-type\")) {\n\t\treturn nil, refuseContentType\n\t}\n", ""},
	{"any charset", "return !given || strings.EqualFold(charset, \"utf-8\")", "return !given || charset != \"\""},
	{"bodies of any size", "\t\tif len(event.Body) > maxBody {\n", "\t\tif false {\n"},
	{"coded bodies of any size", "if len(event.Body) > base64.StdEncoding.EncodedLen(maxBody) {", "if false {"},
	{"two forms of one coded body", "base64.StdEncoding.Strict().DecodeString", "base64.StdEncoding.DecodeString"},
	{"more than one document", "if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {", "if _, err := decoder.ReadToken(); errors.Is(err, io.ErrClosedPipe) {"},
	{"anything but an object", "if err != nil || object.Kind() != '{' {", "if err != nil {"},
	{"unknown members", "\t\tif !contains(names, name) {\n\t\t\treturn nil, refuseField(name)\n\t\t}\n", ""},
	{"keys of any length", "if key == \"\" || len(key) > maxKey {", "if key == \"\" {"},
	{"empty keys", "if key == \"\" || len(key) > maxKey {", "if len(key) > maxKey {"},
	{"repeated keys", "if c < ' ' || c > '~' || c == ',' {", "if c < ' ' || c > '~' {"},
	{"keys of any bytes", "if c < ' ' || c > '~' || c == ',' {", "if c == ',' {"},
	{"header names by their case", "\t\tif strings.EqualFold(key, name) {\n\t\t\tvalues", "\t\tif key == name {\n\t\t\tvalues"},
}

var gateMutants = []mutant{
	{"a counter that fails admits", "\tif a.err != nil {\n\t\treturn &otp.Error{Reason: otp.Unavailable, Err: a.err}\n\t}\n", ""},
	{"an address over its limit is admitted", "\tif !a.decision.Allowed {\n", "\tif false {\n"},
	{"an answer overtakes its count", "\t\t<-a.done\n\t\tif a.err == nil {", "\t\tif a.err == nil && a.decision.Limit.Attempts > 0 {"},
	{"without a key everybody is admitted", "\tif a.keyErr != nil {\n\t\treturn otp.Caller{}, a.keyErr\n\t}\n", ""},
	{"nobody asks the address's limit", "IdempotencyKey: key, Admit: a.admit, Trace", "IdempotencyKey: key, Trace"},
	{"bad keys are none", "\tif refused != nil {\n\t\treturn otp.Caller{}, refused\n\t}\n", "\tif refused != nil {\n\t\tkey = \"\"\n\t}\n"},
	{"addresses come from a header", "ratelimit.Bucket(r.event.RequestContext.HTTP.SourceIP)", "ratelimit.Bucket(func() string {\n\t\tif h := header(r.event, \"x-forwarded-for\"); h != \"\" {\n\t\t\treturn h\n\t\t}\n\t\treturn r.event.RequestContext.HTTP.SourceIP\n\t}())"},
	{"functions share a counter", "a.key.ClientKey(g.name, client)", "a.key.ClientKey(\"\", client)"},
}

var routeMutants = []mutant{
	{"PINs of any length", "\tif len(pin) != v.pinLength {\n\t\treturn false\n\t}\n", ""},
	{"PINs of any letters", "if pin[i] < '0' || pin[i] > '9' {", "if pin[i] == 0 {"},
	{"impossible ids", "if named && !otp.ValidVerificationID(members.get(\"verificationId\")) || !named && v.requireID {", "if !named && v.requireID {"},
	{"ids that are required are not", "if named && !otp.ValidVerificationID(members.get(\"verificationId\")) || !named && v.requireID {", "if named && !otp.ValidVerificationID(members.get(\"verificationId\")) {"},
	{"impossible ids are resent", "\tif !otp.ValidVerificationID(members.get(\"verificationId\")) {\n\t\treturn nil, refuseVerificationID\n\t}\n", ""},
	{"any channel", "\tdefault:\n\t\treturn \"\", refuseChannel\n", "\tdefault:\n\t\treturn otp.SMS, nil\n"},
	{"every region is sent to", "case len(s.regions) > 0 && !slices.Contains(s.regions, number.Region()):", "case len(s.regions) > 99 && !slices.Contains(s.regions, number.Region()):"},
	{"an expiry is told too late", "receipt.ExpiresAt.UTC().Truncate(time.Second)", "receipt.ExpiresAt.UTC().Add(time.Second - 1).Truncate(time.Second)"},
	{"a resend is told too early", "receipt.ResendAt.UTC().Add(time.Second - 1).Truncate(time.Second)", "receipt.ResendAt.UTC().Truncate(time.Second)"},
}

var handlerMutants = []mutant{
	{"any method", "\tif method != allowed {\n", "\tif method == \"\" && method != allowed {\n"},
	{"a panic leaves the handler", "if value := recover(); value != nil {", "if value := any(nil); value != nil {"},
	{"answers are cached", "\t\t\"Cache-Control\":          \"no-store\",\n", ""},
	{"waits are not told", "\t\theaders[\"Retry-After\"] = strconv.Itoa(seconds)\n", ""},
}

var refusalMutants = []mutant{
	{"an internal error shows", "\tif !ok {\n\t\treturn internal\n\t}\n\tr, ok := reasons[failure.Reason]", "\tif !ok {\n\t\treturn &refusal{status: 400, code: err.Error()}\n\t}\n\tr, ok := reasons[failure.Reason]"},
	{"a reason nobody knows shows", "\tif !ok {\n\t\treturn internal\n\t}\n\tr.retryAfter", "\tr.retryAfter"},
	{"waits are rounded down", "return max((d + time.Second - 1).Truncate(time.Second), time.Second)", "return max(d.Truncate(time.Second), time.Second)"},
	{"a 429 or 503 without a wait", "if mustWait && r.retryAfter <= 0 {", "if mustWait && r.retryAfter < 0 {"},
	{"attempts are not told", "\tr.remaining = failure.Remaining\n", ""},
}

var logMutants = []mutant{
	{"the number is logged", "slog.String(\"number\", r.logName)", "slog.String(\"number\", r.logName+r.number.E164())"},
	{"a lost handle is no error", "\t\tattrs = append(attrs, slog.String(\"event\", \"activate_failed\"))\n", ""},
}
