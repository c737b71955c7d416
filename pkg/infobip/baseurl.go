package infobip

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Neither error quotes the value: a base URL that was refused may well be one
// that has credentials in it.
var (
	errBaseURL = errors.New("base URL: want the host from the Infobip portal and nothing else, " +
		"such as xxxxx.api.infobip.com or https://xxxxx.api.infobip.com")
	errPlainHTTP = errors.New("base URL: plain http is for this machine only (localhost, 127.0.0.0/8, ::1), " +
		"because the API key travels in it: use https, or allow http on purpose")
)

// ParseBaseURL reads the address of an Infobip API: a host, with or without a
// port, https:// before it or a slash behind it. Plain http is accepted for
// loopback addresses, and anywhere if allowHTTP is set. Its answer has a scheme
// and a host and no trailing slash.
func ParseBaseURL(s string, allowHTTP bool) (string, error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", errBaseURL
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return "", errBaseURL
	}
	if u.User != nil || u.Opaque != "" || strings.Trim(u.Path, "/") != "" || len(u.Path) > 1 || strings.ContainsAny(s, "?#") {
		return "", errBaseURL
	}
	if !isHost(u.Hostname()) || !isPort(u) {
		return "", errBaseURL
	}
	if u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname()) {
		return "", errPlainHTTP
	}
	return u.Scheme + "://" + u.Host, nil
}

// isHost accepts what a name in DNS or an IP address is made of. url.Parse lets
// through more than that.
func isHost(host string) bool {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Zone() == ""
	}
	for i := range len(host) {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return host != "" && !strings.HasPrefix(host, ".") && !strings.Contains(host, "..")
}

func isPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

// isLoopback goes by the address alone: a name such as 127.0.0.1.example.com
// resolves to whatever its owner likes.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
