package lint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

var logoRules = []Rule{
	{ID: "logo-missing", Severity: Error, Summary: "there is no logo.png", check: func(p *pass) {
		checkPresent(p, logoFile, "Palette shows it beside the pack's name")
	}},
	{ID: "logo-format", Severity: Warning, Summary: "logo.png is no PNG image, or has an unreasonable size", check: checkLogo},
}

// Limits of a logo. Those of the public catalog have 28 to 3750 pixels a side,
// and at most 125 KB.
const (
	maxLogo   = 1 << 20
	minPixels = 16
	maxPixels = 4096
)

const pngSignature = "\x89PNG\r\n\x1a\n"

func checkLogo(p *pass) {
	if !p.isFile(logoFile) {
		return
	}
	data, err := p.read(logoFile, maxLogo)
	if err != nil {
		return
	}
	at := place{file: logoFile}
	if len(data) > maxLogo {
		p.reportf(at, "a logo of 256 by 256 pixels is plenty", "logo.png has more than %d MiB", maxLogo>>20)
		return
	}
	width, height, err := pngSize(data)
	switch {
	case err != nil:
		p.report(at, "convert it to PNG: renaming does not", "logo.png "+err.Error())
	case width < minPixels || height < minPixels:
		p.reportf(at, "a logo of 256 by 256 pixels is plenty", "logo.png has %d by %d pixels, which is too small to see", width, height)
	case width > maxPixels || height > maxPixels:
		p.reportf(at, "a logo of 256 by 256 pixels is plenty", "logo.png has %d by %d pixels", width, height)
	}
}

// pngSize reads a PNG file's chunks, up to its end, without unpacking its
// pixels.
func pngSize(data []byte) (width, height uint32, err error) {
	if !bytes.HasPrefix(data, []byte(pngSignature)) {
		return 0, 0, fmt.Errorf("is no PNG image: it is %s", imageKind(data))
	}
	for rest := data[len(pngSignature):]; ; {
		if len(rest) < 12 {
			return 0, 0, fmt.Errorf("is cut off")
		}
		size := binary.BigEndian.Uint32(rest)
		if uint64(size)+12 > uint64(len(rest)) {
			return 0, 0, fmt.Errorf("is cut off")
		}
		kind, body := string(rest[4:8]), rest[8:8+size]
		if crc32.ChecksumIEEE(rest[4:8+size]) != binary.BigEndian.Uint32(rest[8+size:]) {
			return 0, 0, fmt.Errorf("is damaged: the checksum of its chunk %s does not fit", quote(kind))
		}
		if width == 0 {
			if kind != "IHDR" || size < 8 {
				return 0, 0, fmt.Errorf("is damaged: it does not begin with its size")
			}
			width, height = binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if width == 0 || height == 0 {
				return 0, 0, fmt.Errorf("has no pixels")
			}
		}
		if kind == "IEND" {
			return width, height, nil
		}
		rest = rest[12+size:]
	}
}

// imageKind says what a file is that is no PNG.
func imageKind(data []byte) string {
	head := data[:min(len(data), 512)]
	switch {
	case len(data) == 0:
		return "empty"
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return "a JPEG image"
	case bytes.HasPrefix(head, []byte("GIF8")):
		return "a GIF image"
	case bytes.HasPrefix(head, []byte("RIFF")) && bytes.Contains(head, []byte("WEBP")):
		return "a WebP image"
	case bytes.Contains(head, []byte("<svg")):
		return "an SVG image"
	case strings.HasPrefix(string(head), "version https://git-lfs"):
		return "a pointer to a file in Git LFS, which was not fetched"
	}
	return "something else"
}
