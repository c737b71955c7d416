//go:build race

package bench

// tolerance is for the allocations that the race detector causes: up to a third, as measured.
const tolerance = 1.4
