package phone

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"
)

// sampler draws strings of digits that a pattern of the library matches. It knows
// nothing of the automaton, so what it draws is independent of what is tested.
type sampler struct {
	random *rand.Rand
	parsed map[string]*syntax.Regexp
}

func newSampler(seed uint64) *sampler {
	return &sampler{random: rand.New(rand.NewPCG(seed, 0)), parsed: make(map[string]*syntax.Regexp)}
}

// draw returns one string that the pattern matches.
func (s *sampler) draw(t *testing.T, pattern string) string {
	t.Helper()
	re, ok := s.parsed[pattern]
	if !ok {
		var err error
		re, err = syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatalf("the library's pattern %q: %v", pattern, err)
		}
		s.parsed[pattern] = re
	}
	out := &strings.Builder{}
	s.write(t, out, re)
	return out.String()
}

func (s *sampler) write(t *testing.T, out *strings.Builder, re *syntax.Regexp) {
	t.Helper()
	repeat := func(low, high int) {
		for range low + s.random.IntN(high-low+1) {
			s.write(t, out, re.Sub[0])
		}
	}
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpEndText:
	case syntax.OpLiteral:
		out.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		at := 2 * s.random.IntN(len(re.Rune)/2)
		low, high := re.Rune[at], re.Rune[at+1]
		out.WriteRune(low + rune(s.random.IntN(int(high-low)+1)))
	case syntax.OpCapture:
		s.write(t, out, re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			s.write(t, out, sub)
		}
	case syntax.OpAlternate:
		s.write(t, out, re.Sub[s.random.IntN(len(re.Sub))])
	case syntax.OpQuest:
		repeat(0, 1)
	case syntax.OpRepeat:
		repeat(re.Min, re.Max)
	default:
		t.Fatalf("the sampler does not know the %v in %q", re.Op, re)
	}
}

// digits draws that many random digits.
func (s *sampler) digits(n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte('0' + s.random.IntN(10))
	}
	return string(out)
}
