package main

import "testing"

// TestForgeries: whoever is not believed is one client, whatever he claims.
func TestForgeries(t *testing.T) {
	for i := range forgeries {
		if row := forgeries[i].row(1); len(row.misses) > 0 {
			t.Errorf("%v: %q", row.cells, row.misses)
		} else {
			t.Log(row.cells)
		}
	}
}

// TestFloods: the model of the throttle refuses what is above it, honest or not.
func TestFloods(t *testing.T) {
	for _, perSecond := range []int{25, 200} {
		row := floodRow(1, perSecond)
		t.Log(row.cells)
		if len(row.misses) > 0 {
			t.Errorf("%v: %q", row.cells, row.misses)
		}
	}
}
