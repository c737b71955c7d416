// Command png writes pictures anew in few colours, for a repository: a screenshot has thousands, of
// which nearly all are edges of letters.
//
//	png FOLDER PICTURE.png ...
package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "png: usage: png FOLDER PICTURE.png ...")
		os.Exit(2)
	}
	for _, name := range os.Args[2:] {
		if err := shrink(name, filepath.Join(os.Args[1], filepath.Base(name))); err != nil {
			fmt.Fprintln(os.Stderr, "png:", err)
			os.Exit(1)
		}
	}
}

// shrink reads a picture and writes it to another file with a palette.
func shrink(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	var written bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&written, withPalette(picture)); err != nil {
		return fmt.Errorf("writing %s: %w", to, err)
	}
	fmt.Printf("%s: %d bytes, %d before\n", to, written.Len(), len(raw))
	return os.WriteFile(to, written.Bytes(), 0o644)
}

// mostColors is what one byte a pixel can name.
const mostColors = 256

// withPalette returns the picture with each colour replaced by the nearest of few.
func withPalette(picture image.Image) *image.Paletted {
	bounds := picture.Bounds()
	counts := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[opaque(picture.At(x, y))]++
		}
	}
	palette := paletteOf(counts)
	nearest := make(map[color.RGBA]uint8, len(counts))
	for c := range counts {
		nearest[c] = uint8(palette.Index(c)) //nolint:gosec // a palette has at most 256
	}
	made := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			made.SetColorIndex(x, y, nearest[opaque(picture.At(x, y))])
		}
	}
	return made
}

// paletteOf returns the most frequent colours, of those that look alike the first. How much alike is
// as little as leaves few enough.
func paletteOf(counts map[color.RGBA]int) color.Palette {
	byCount := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		byCount = append(byCount, c)
	}
	slices.SortFunc(byCount, func(a, b color.RGBA) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - int(b.R)<<16 - int(b.G)<<8 - int(b.B)
	})
	for alike := 0; ; alike = 2*alike + 1 {
		var kept []color.RGBA
		for _, c := range byCount {
			if !slices.ContainsFunc(kept, func(k color.RGBA) bool { return distance(c, k) <= alike }) {
				kept = append(kept, c)
			}
			if len(kept) > mostColors {
				break
			}
		}
		if len(kept) <= mostColors {
			palette := make(color.Palette, len(kept))
			for i, c := range kept {
				palette[i] = c
			}
			return palette
		}
	}
}

// distance is the square of how far two colours are apart.
func distance(a, b color.RGBA) int {
	square := func(x, y uint8) int { d := int(x) - int(y); return d * d }
	return square(a.R, b.R) + square(a.G, b.G) + square(a.B, b.B)
}

func opaque(c color.Color) color.RGBA {
	made, _ := color.RGBAModel.Convert(c).(color.RGBA) // what that model converts to
	made.A = 255
	return made
}
