// Package console is the control listener of the programs for a laptop: a page for a browser
// (package web), what it needs to know and to hear, and everything that the simulator's own
// control listener answers. It is a developer's: package loopback keeps foreign pages out.
//
// With the real provider there is no simulator, so no outbox and no PIN; the page then
// has the flow and the log of the gateway's own exchanges, without anything secret.
package console

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/seed-a131a524/infobip-otp/internal/loopback"
	"github.com/seed-a131a524/infobip-otp/web"
)

// Facts are what GET /config tells the page.
type Facts struct {
	// Gateway is the base URL of the service, without a slash at its end; empty where the
	// simulator runs alone.
	Gateway string `json:"gateway"`
	// RealProvider is set where messages go to real phones.
	RealProvider bool `json:"realProvider"`
	// Channels are those that the gateway offers.
	Channels  []string `json:"channels"`
	PINLength int      `json:"pinLength"`
	// Simulator says how to call the simulated Infobip; nil with the real one.
	Simulator *Simulator `json:"simulator"`
}

// Simulator is where the simulated Infobip is, and what was provisioned in it.
type Simulator struct {
	API           string `json:"api"`
	ApplicationID string `json:"applicationId"`
	MessageID     string `json:"messageId"`
	// Operations are those that a fault can meet.
	Operations []string `json:"operations"`
}

// Console is the control listener.
type Console struct {
	Facts     Facts
	Messages  Messages
	Feed      *Feed
	Exchanges *Exchanges
	// Control is the simulator's own control listener; nil with the real provider.
	Control http.Handler
}

// WithoutSimulator is the console beside the real provider: its log hides what is secret.
func WithoutSimulator(facts Facts, messages Messages) *Console {
	feed := NewFeed()
	return &Console{Facts: facts, Messages: messages, Feed: feed, Exchanges: &Exchanges{Feed: feed, Masked: true}}
}

// Handler answers until ctx ends, which ends the streams of events too.
func (c *Console) Handler(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, c.Facts) })
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, c.Messages) })
	mux.HandleFunc("GET /exchanges", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, c.Exchanges.All()) })
	mux.HandleFunc("DELETE /exchanges", func(w http.ResponseWriter, _ *http.Request) {
		c.Exchanges.Forget()
		c.Feed.Publish(KindChange, "/exchanges")
		writeJSON(w, http.StatusOK, map[string]bool{"forgotten": true})
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) { c.Feed.stream(ctx, w, r) })
	mux.Handle("/", c.rest())
	page := c.page()
	return loopback.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !page(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
}

// rest is what the simulator answers, and says so where it changed something.
func (c *Console) rest() http.Handler {
	if c.Control == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusNotFound, map[string]string{"error": "unknown path: with the real Infobip there are /, /config, /messages, /exchanges and /events"})
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := &recorder{ResponseWriter: w}
		c.Control.ServeHTTP(said, r)
		if r.Method != http.MethodGet && said.status == http.StatusOK {
			if r.URL.Path == "/reset" {
				c.Exchanges.Forget()
			}
			c.Feed.Publish(KindChange, r.URL.Path)
		}
	})
}

// types are the files that the page consists of. Go's own table would depend on the machine.
var types = map[string]string{
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
	".txt":   "text/plain; charset=utf-8",
}

// page serves the built page. It reports false for what is none of its files.
func (c *Console) page() func(http.ResponseWriter, *http.Request) bool {
	policy := c.policy()
	files := pageFiles()
	return func(w http.ResponseWriter, r *http.Request) bool {
		file, known := files[r.URL.Path]
		if !known || r.Method != http.MethodGet && r.Method != http.MethodHead {
			return false
		}
		header := w.Header()
		header.Set("Content-Type", file.contentType)
		header.Set("Cache-Control", "no-store") // a new build is seen at once
		header.Set("Content-Security-Policy", policy)
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(file.content) // a browser that has gone is no trouble
		return true
	}
}

type pageFile struct {
	contentType string
	content     []byte
}

// pageFiles are the files by the path that they are served at.
func pageFiles() map[string]pageFile {
	files := map[string]pageFile{}
	err := fs.WalkDir(web.Page(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(web.Page(), name)
		files["/"+name] = pageFile{types[path.Ext(name)], content}
		return err
	})
	if err != nil {
		panic("console: reading the embedded page: " + err.Error())
	}
	files["/"] = files["/index.html"]
	return files
}

// policy lets the page load its own files and call its own gateway, and nothing else. No text
// can become markup or script: that is what trusted types are for.
func (c *Console) policy() string {
	calls := "'self'"
	if c.Facts.Gateway != "" {
		calls += " " + c.Facts.Gateway
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'",
		"connect-src " + calls, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic("console: an answer that JSON cannot hold: " + err.Error()) // they are this program's own types
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
