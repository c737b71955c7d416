package infobip

import (
	"strings"
	"testing"
)

func TestParseBaseURL(t *testing.T) {
	for _, test := range []struct {
		in, want  string
		allowHTTP bool
	}{
		{"xxxxx.api.infobip.com", "https://xxxxx.api.infobip.com", false},
		{"https://xxxxx.api.infobip.com", "https://xxxxx.api.infobip.com", false},
		{"https://xxxxx.api.infobip.com/", "https://xxxxx.api.infobip.com", false},
		{"HTTPS://xxxxx.api.infobip.com", "https://xxxxx.api.infobip.com", false},
		{"xxxxx.api.infobip.com/", "https://xxxxx.api.infobip.com", false},
		{"xxxxx.api.infobip.com:8443", "https://xxxxx.api.infobip.com:8443", false},
		{"localhost:3001", "https://localhost:3001", false},
		{"http://localhost:3001", "http://localhost:3001", false},
		{"http://LocalHost", "http://LocalHost", false},
		{"http://127.0.0.1:3001/", "http://127.0.0.1:3001", false},
		{"http://127.255.0.9", "http://127.255.0.9", false},
		{"http://[::1]:3001", "http://[::1]:3001", false},
		{"http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]", false},
		{"http://host.containers.internal:3001", "http://host.containers.internal:3001", true},
		{"https://192.0.2.7", "https://192.0.2.7", true},
	} {
		got, err := ParseBaseURL(test.in, test.allowHTTP)
		if err != nil || got != test.want {
			t.Errorf("ParseBaseURL(%q, %v) = %q, %v, want %q", test.in, test.allowHTTP, got, err, test.want)
		}
	}
}

func TestParseBaseURLRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "/", "https://", "https:///", "http://", "://x", "x.api.infobip.com/2fa/2", "https://x.api.infobip.com/2fa",
		"https://x.api.infobip.com//", "https://x.api.infobip.com/?", "https://x.api.infobip.com?a=b", "https://x.api.infobip.com#",
		"https://x.api.infobip.com/#a", "user:hunter2@x.api.infobip.com", "https://hunter2@x.api.infobip.com", "https://@x.api.infobip.com",
		"ftp://x.api.infobip.com", "file:///hunter2", "javascript:hunter2", "x.api.infobip.com:", "x.api.infobip.com:0",
		"x.api.infobip.com:65536", "x.api.infobip.com:http", "x api.infobip.com", " x.api.infobip.com", "x.api.infobip.com\n",
		"x.api.infobip.com\r\nX: hunter2", "https://é.example", "https://%68ost.example", "https://.example.com", "https://a..b",
		"https://[::1", "https://[fe80::1%25eth0]", "https://[hunter2]", "https://a,b", "https://$HOST", "https://{prefix}.api.infobip.com",
	} {
		got, err := ParseBaseURL(in, true)
		if err == nil {
			t.Errorf("ParseBaseURL(%q) = %q, want an error", in, got)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "https://xxxxx.api.infobip.com") {
			t.Errorf("ParseBaseURL(%q): %v: want the accepted form, and nothing of the value", in, err)
		}
	}
}

func TestPlainHTTPStaysOnThisMachine(t *testing.T) {
	for _, in := range []string{
		"http://x.api.infobip.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1", "http://[::2]",
		"http://0.0.0.0", "http://128.0.0.1", "http://0177.0.0.1", "http://2130706433", "http://[::ffff:10.0.0.1]", "http://localhost.",
	} {
		got, err := ParseBaseURL(in, false)
		if err == nil {
			t.Errorf("ParseBaseURL(%q) = %q, want an error", in, got)
		}
		_, err = New(testConfig(in))
		if err == nil {
			t.Errorf("New takes the base URL %q", in)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"no application": func(c *Config) { c.ApplicationID = "" },
		"no keys":        func(c *Config) { c.Keys = nil },
		"no address":     func(c *Config) { c.BaseURL = "" },
	} {
		config := testConfig("https://x.api.infobip.com")
		spoil(&config)
		_, err := New(config)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
