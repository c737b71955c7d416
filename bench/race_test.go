//go:build race

package bench

// tolerance is for the allocations that the race detector causes: a seventh, as measured.
const tolerance = 1.25
