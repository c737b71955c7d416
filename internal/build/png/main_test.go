package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// TestFewColors: a picture of many colours keeps its size, has a palette, and looks the same but for a little; the colours
// of large areas stay as they are.
func TestFewColors(t *testing.T) {
	const side = 128
	picture := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			c := color.RGBA{R: uint8(x * 2), G: uint8(y * 2), B: 40, A: 255}
			if y < side/2 {
				c = color.RGBA{R: 0xf4, G: 0xf3, B: 0xef, A: 255}
			}
			picture.SetRGBA(x, y, c)
		}
	}
	from, to := filepath.Join(t.TempDir(), "a.png"), filepath.Join(t.TempDir(), "a.png")
	file, err := os.Create(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(file, picture); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := shrink(from, to); err != nil {
		t.Fatal(err)
	}
	file, err = os.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoded, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	made, ok := decoded.(*image.Paletted)
	if !ok || made.Bounds() != picture.Bounds() || len(made.Palette) > mostColors {
		t.Fatalf("it is a %T of %v", decoded, decoded.Bounds())
	}
	for y := range side {
		for x := range side {
			want := picture.RGBAAt(x, y)
			got := opaque(made.At(x, y))
			if d := distance(got, want); y < side/2 && d != 0 || d > 32*32 {
				t.Fatalf("at %d,%d is %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestShrinkSaysWhatItCannotRead(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.png")
	if err := os.WriteFile(broken, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := shrink(broken, filepath.Join(t.TempDir(), "out.png")); err == nil {
		t.Error("what is no picture was written")
	}
}
