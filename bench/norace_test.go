//go:build !race

package bench

// tolerance is for what a new Go release moves. Within one, the counts are the same on
// every run.
const tolerance = 1.05
