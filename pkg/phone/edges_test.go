package phone

import (
	"slices"
	"strconv"
	"testing"
)

// Each edge of the automaton of each calling code is tried: the first way that
// leads over it as a whole number, with every ending that makes a valid number
// behind one of the ten digits at that place, and with a random ending. So a
// missing edge, one too many and one to the wrong node are all seen.
func TestEdgesMatchLibrary(t *testing.T) {
	every := 1
	if isBrief(t) {
		every = 40
	}
	c := compareWithLibrary(t)
	s := newSampler(3)
	shortest := shortestEndings()
	edges := 0
	for i := range callingCodes {
		code := strconv.Itoa(int(callingCodes[i].code))
		for _, way := range firstWays(callingCodes[i].start) {
			endings := endingsAfterAnyDigit(way.node, shortest)
			for digit := range 10 {
				edges++
				if edges%every != 0 {
					continue
				}
				number := code + way.digits + strconv.Itoa(digit)
				c.ask(number)
				for _, ending := range endings {
					c.ask(number + ending)
				}
				c.ask(number + s.digits(s.random.IntN(1+max(0, maxDigits-len(number)))))
			}
		}
	}
	t.Logf("%d edges", edges)
	c.report(edges / every / 2)
}

// way is how a node is reached.
type way struct {
	node   uint16
	digits string
}

// firstWays returns the shortest way to each node that can be reached.
func firstWays(start uint16) []way {
	seen := map[uint16]bool{start: true}
	ways := []way{{start, ""}}
	for i := 0; i < len(ways); i++ {
		for digit := range 10 {
			next := nodes[ways[i].node][digit]
			if next != 0 && !seen[next] {
				seen[next] = true
				ways = append(ways, way{next, ways[i].digits + strconv.Itoa(digit)})
			}
		}
	}
	return ways
}

// noEnding marks the dead end, which no valid number passes.
const noEnding = "none"

// shortestEndings gives, for each node, the fewest digits that make a valid number.
// Equally short ones differ from node to node, so that many are tried.
func shortestEndings() []string {
	endings := make([]string, len(nodes))
	for i, n := range nodes {
		endings[i] = noEnding
		if n[10] != 0 {
			endings[i] = ""
			continue
		}
		for d := range 10 {
			digit := (d + i) % 10
			to := n[digit] // made before this node, so its ending is known
			if endings[to] != noEnding && (endings[i] == noEnding || len(endings[to])+1 < len(endings[i])) {
				endings[i] = strconv.Itoa(digit) + endings[to]
			}
		}
	}
	return endings
}

func endingsAfterAnyDigit(node uint16, shortest []string) []string {
	var endings []string
	for _, to := range nodes[node][:10] {
		endings = append(endings, shortest[to])
	}
	slices.Sort(endings)
	endings = slices.Compact(endings)
	return slices.DeleteFunc(endings, func(e string) bool { return e == "" || e == noEnding })
}
