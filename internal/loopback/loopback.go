// Package loopback keeps foreign web pages away from a developer's own listener.
//
// A page from anywhere can make a browser on this machine call a port of it. What such a
// page can neither hide nor forge is checked here: the Origin and Sec-Fetch headers of its
// requests, and the Host header of a name that was rebound to this machine. Programs such
// as curl send none of these and are let in: whoever runs programs here needs no listener
// to do harm.
package loopback

import (
	"encoding/json"
	"errors"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Faults of requests that are not answered.
var (
	ErrHost        = errors.New("this listener answers only to localhost, 127.0.0.1 or [::1] with its own port")
	ErrOrigin      = errors.New("this listener does not answer web pages of another machine")
	ErrContentType = errors.New("a page's request body must be application/json")
)

// Check reports why a request must not be answered, or nil.
//
//   - Its Host is a loopback name with the port of the listener.
//   - Its Origin, if it has one, is that of a page on this machine.
//   - Without an Origin, a browser's request from a page of another site is refused (an image,
//     a frame, a script), unless it opens a page of its own in a window.
//   - A browser's body is application/json, which no form can send. A body that curl -d sends
//     without a word about its type is read all the same, because curl is not a browser.
func Check(r *http.Request) error {
	if !ownHost(r) {
		return ErrHost
	}
	origins := r.Header.Values("Origin")
	if len(origins) > 1 || len(origins) == 1 && !Origin(origins[0]) {
		return ErrOrigin
	}
	site := r.Header.Get("Sec-Fetch-Site")
	if len(origins) == 0 && site != "" && site != "same-origin" && site != "same-site" && site != "none" && !opensWindow(r) {
		return ErrOrigin
	}
	isBrowser := len(origins) > 0 || site != ""
	if isBrowser && hasBody(r) && !isJSON(r) {
		return ErrContentType
	}
	return nil
}

// Handler answers what Check refuses with {"error": "<sentence>"}, and lets pages of this machine
// read what next answers: they are the developer's own.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		header.Set("X-Content-Type-Options", "nosniff")
		if err := Check(r); err != nil {
			refuse(w, err)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			header.Set("Access-Control-Allow-Origin", origin)
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			header.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
			header.Set("Access-Control-Allow-Headers", "Content-Type")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, refused error) {
	status := http.StatusForbidden
	if errors.Is(refused, ErrContentType) {
		status = http.StatusUnsupportedMediaType
	}
	body, _ := json.Marshal(map[string]string{"error": refused.Error()}) // a map of strings cannot fail
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who is refused may be gone
}

// Origin reports whether an Origin header names a page of this machine, whatever its port.
func Origin(origin string) bool {
	from, err := url.Parse(origin)
	if err != nil || from.Scheme != "http" && from.Scheme != "https" || from.User != nil {
		return false
	}
	return from.Host != "" && from.Scheme+"://"+from.Host == origin && isLoopback(from.Hostname())
}

// ownHost compares the Host header with the port that the request came in by.
func ownHost(r *http.Request) bool {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(r.Host, "["), "]"), "80"
	}
	if !isLoopback(host) {
		return false
	}
	local, known := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !known {
		return true // a handler that no listener called, as in a test
	}
	_, own, err := net.SplitHostPort(local.String())
	return err == nil && port == own
}

func isLoopback(host string) bool {
	if name := strings.ToLower(host); name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Zone() == "" && ip.Unmap().IsLoopback()
}

// opensWindow reports whether a browser goes to the page itself, as by a link: who sent it
// there can read nothing of it.
func opensWindow(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

func hasBody(r *http.Request) bool { return r.ContentLength != 0 }

func isJSON(r *http.Request) bool {
	types := r.Header.Values("Content-Type")
	if len(types) != 1 {
		return false
	}
	media, _, err := mime.ParseMediaType(types[0])
	return err == nil && media == "application/json"
}
