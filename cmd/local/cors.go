package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-a131a524/infobip-otp/internal/loopback"
	"github.com/seed-a131a524/infobip-otp/pkg/cors"
)

// origins are those whose pages may call the gateway, each as a browser writes it, or *
// for all. None at all means every origin on this machine: whatever port a front end is
// developed on, and no page from elsewhere.
type origins []string

// answer adds the headers that an HTTP API adds to the answer of a function, preflights
// included: they come to the functions by its $default route. It stops nobody: a request
// of another origin goes through as in AWS, and its page cannot read the answer.
func (o origins) answer(header http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	allowed, ok := o.allow(origin)
	if !ok {
		return
	}
	header.Set("Access-Control-Allow-Origin", allowed)
	if allowed == origin {
		header.Add("Vary", "Origin")
	}
	if !isPreflight(r) {
		header.Set("Access-Control-Expose-Headers", strings.Join(cors.ExposedHeaders(), ","))
		return
	}
	header.Set("Access-Control-Allow-Methods", strings.Join(cors.AllowedMethods(), ","))
	header.Set("Access-Control-Allow-Headers", strings.Join(cors.AllowedHeaders(), ","))
	header.Set("Access-Control-Max-Age", strconv.Itoa(int(cors.MaxAge.Seconds())))
}

// allow returns the value of Access-Control-Allow-Origin, and whether there is one.
func (o origins) allow(origin string) (string, bool) {
	switch {
	case origin == "":
		return "", false
	case slices.Contains(o, "*"):
		return "*", true
	case len(o) == 0:
		return origin, loopback.Origin(origin)
	}
	return origin, slices.Contains(o, origin)
}

// isPreflight reports whether a browser asks for permission, rather than for something.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}
