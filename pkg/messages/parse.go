package messages

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// MaxSize is the longest file that is read, in bytes: far above what sixty messages take,
// which is what a function's environment has room for.
const MaxSize = 256 << 10

// maxDepth is more than the file's three levels, so that what is too deep is named by its
// place and not by the parser.
const maxDepth = 16

// Options are what a file is read for.
type Options struct {
	// PINLength is PIN_LENGTH, 6 if it is zero: with its digits messages are measured.
	PINLength int
	// WebOTP is the host where the file names none and each SMS has room for it, or empty. Local
	// runs set localhost.
	WebOTP string
	// Deployed: the file is for an Infobip that is not on this machine, whose phones offer a
	// code to no page of localhost.
	Deployed bool
}

// samplePIN returns digits of the length of a PIN.
func (o Options) samplePIN() string {
	const digits, usual = "1234567890", 6
	if o.PINLength < 1 || o.PINLength > len(digits) {
		return digits[:usual]
	}
	return digits[:o.PINLength]
}

// ReadFile returns the text of the named file, no more of it than Parse needs to refuse it.
func ReadFile(name string) ([]byte, error) {
	file, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, fmt.Errorf("reading the messages: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the messages: %w", err)
	}
	return data, nil
}

// Parse reads a file's text, and returns what it says and all that is wrong with it. Only what is
// no YAML hides what stands behind it. The options' host is never at fault: where a text has no
// room for it, the file is read without.
func Parse(data []byte, o Options) (*File, Faults) {
	file, faults := parse(data, Options{PINLength: o.PINLength, Deployed: o.Deployed})
	if len(faults) > 0 || o.WebOTP == "" {
		return file, faults
	}
	hosted, tooLong := parse(data, o)
	if len(tooLong) > 0 {
		return file, nil
	}
	return hosted, nil
}

func parse(data []byte, o Options) (*File, Faults) {
	r := &reader{data: data, lines: bytes.Count(data, []byte("\n")) + 1, options: o}
	if root := r.load(); root != nil {
		r.refuseExtras(root)
		r.readFile(root)
	}
	return &r.file, r.faults.inOrder()
}

// reader is one reading of a file.
type reader struct {
	data    []byte
	lines   int
	options Options
	file    File
	faults  Faults
}

func (r *reader) fault(line, column int, format string, args ...any) {
	if line > r.lines { // the parser's end of a file is a line behind it
		line, column = r.lines, utf8.RuneCountInString(lineOf(r.data, r.lines))+1
	}
	r.faults = append(r.faults, Fault{max(line, 1), max(column, 1), fmt.Sprintf(format, args...)})
}

// refuse adds a fault at a node.
func (r *reader) refuse(n *yaml.Node, format string, args ...any) {
	r.fault(n.Line, n.Column, format, args...)
}

// load returns the file's one value, or nil where there is none.
func (r *reader) load() *yaml.Node {
	if len(r.data) > MaxSize {
		r.fault(1, 1, "the file has more than the %d bytes that are read", MaxSize)
		return nil
	}
	r.scan()
	if len(r.faults) > 0 {
		return nil // the parser would stop at the first of them
	}
	loader, err := yaml.NewLoader(bytes.NewReader(r.data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		r.fault(1, 1, "the file cannot be read: %s", err)
		return nil
	}
	var document, next yaml.Node
	err = loader.Load(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		r.fault(1, 1, "the file is empty")
		return nil
	}
	if err == nil {
		err = loader.Load(&next)
		if err == nil {
			r.refuse(&next, "a second document begins here; the file has one")
			return nil
		}
	}
	if !errors.Is(err, io.EOF) {
		r.syntax(err)
		return nil
	}
	return document.Content[0]
}

// scan names what the parser would stop at without its place, or without a word that helps:
// bytes that are no UTF-8, control characters, and tabs before a line.
func (r *reader) scan() {
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(r.data, []byte("\ufeff"))) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if tab := bytes.IndexByte(indent, '\t'); tab >= 0 && len(indent) < len(line) {
			r.fault(number, tab+1, "a tab stands before the line: YAML indents with spaces")
		}
		for column := 1; len(line) > 0; column++ {
			c, size := utf8.DecodeRune(line)
			switch {
			case c == utf8.RuneError && size == 1:
				r.fault(number, column, "this is no UTF-8: save the file as UTF-8")
				line = nil // one is enough of a line
				continue
			case c != '\t' && isControl(c) && c != utf8.RuneError:
				r.fault(number, column, "the control character %U has no place here", c)
			}
			line = line[size:]
		}
	}
}

// syntax says why the file is no YAML, and what is most often meant.
func (r *reader) syntax(err error) {
	broken, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		r.fault(1, 1, "this is no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	sentence := "this is no YAML: " + broken.Message
	if broken.ContextMsg != "" {
		sentence += " " + broken.ContextMsg
		if at := broken.ContextMark; at.Line > 0 && at.Line != broken.Mark.Line {
			sentence += fmt.Sprintf(" that begins at %d:%d", at.Line, at.Column)
		}
	}
	quoted := strings.Contains(broken.ContextMsg, "quoted scalar")
	for _, line := range []int{broken.Mark.Line, broken.ContextMark.Line} {
		if !quoted && strings.Contains(lineOf(r.data, line), "{{") {
			sentence += "; a text with {{pin}} in it stands in quotes from end to end"
			break
		}
	}
	r.fault(broken.Mark.Line, broken.Mark.Column, "%s", sentence)
}

// lineOf returns a line of a file, empty if it has none of that number.
func lineOf(data []byte, number int) string {
	for line := range bytes.Lines(data) {
		if number--; number == 0 {
			return string(line)
		}
	}
	return ""
}

// refuseExtras refuses what YAML has and this file does not: anchors and what refers to
// them, which make one text mean another, and a small file a large one; tags; merges.
func (r *reader) refuseExtras(n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		r.refuse(n, "*%s refers to another place: write the text out, there are no aliases here", quotable(n.Value))
		return
	case n.Anchor != "":
		r.refuse(n, "&%s is an anchor: write each text out, there are none here", quotable(n.Anchor))
	case n.Tag == mergeTag:
		r.refuse(n, "<< merges mappings: write each member out")
	case n.Style&yaml.TaggedStyle != 0:
		r.refuse(n, "%s is a tag: there are none here", quotable(n.Tag))
	}
	for _, content := range n.Content {
		r.refuseExtras(content)
	}
}

const (
	stringTag = "!!str"
	nullTag   = "!!null"
	intTag    = "!!int"
	floatTag  = "!!float"
	mergeTag  = "!!merge"
)

// pair is a member of a mapping.
type pair struct {
	name       string
	key, value *yaml.Node
}

// pairs returns the members of a mapping, each name once, and refuses anything else.
func (r *reader) pairs(n *yaml.Node, what string) []pair {
	switch {
	case n.Kind == yaml.AliasNode:
		return nil // refused already
	case n.Tag == nullTag:
		r.refuse(n, "%s has nothing in it: fill it, or take the line out", what)
		return nil
	case n.Kind != yaml.MappingNode:
		r.refuse(n, "%s has to be a mapping, in lines of NAME: VALUE", what)
		return nil
	case len(n.Content) == 0:
		r.refuse(n, "%s has nothing in it: fill it, or take the line out", what)
		return nil
	}
	var members []pair
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind == yaml.MappingNode:
			r.refuse(key, "a brace opens a mapping here: a text that begins with {{pin}} has to stand in quotes")
			continue
		case key.Kind == yaml.AliasNode || key.Tag == mergeTag:
			continue // refused already
		case key.Kind != yaml.ScalarNode || key.Tag != stringTag:
			r.refuse(key, "this is no name of a member of %s", what)
			continue
		}
		if line, twice := lines[key.Value]; twice {
			r.refuse(key, "%s stands in line %d already", quotable(key.Value), line)
			continue
		}
		lines[key.Value] = key.Line
		members = append(members, pair{key.Value, key, value})
	}
	return members
}

// members returns the values of a mapping by their names, and refuses names that it does not
// know.
func (r *reader) members(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	values := map[string]*yaml.Node{}
	for _, m := range r.pairs(n, what) {
		values[m.name] = m.value
	}
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		key := n.Content[i]
		if _, there := values[key.Value]; there && !slices.Contains(known, key.Value) {
			r.refuse(key, "unknown member %s: %s has %s", quotable(key.Value), what, strings.Join(known, ", "))
			delete(values, key.Value)
		}
	}
	return values
}

// text returns a member that is a text, and whether it is there and is one.
func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	switch {
	case n == nil || n.Kind == yaml.AliasNode:
		return "", false
	case n.Kind == yaml.ScalarNode && n.Tag == stringTag:
		return n.Value, true
	case n.Kind == yaml.ScalarNode && n.Tag == nullTag:
		r.refuse(n, "%s has no value: give it one, or take the line out", what)
	case n.Kind == yaml.ScalarNode:
		r.refuse(n, "%s has to be a text: put it in quotes", what)
	case n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0:
		r.refuse(n, "%s has to be a text: one that begins with a brace has to stand in quotes", what)
	default:
		r.refuse(n, "%s has to be a text", what)
	}
	return "", false
}
