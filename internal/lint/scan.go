package lint

import (
	"bytes"
	"errors"
	"io"
)

// scan is what reading a file through tells.
type scan struct {
	crlf int   // the first line that ends in CRLF; 0 where there is none, or the file is binary as git sees it
	err  error // why the file cannot be read
}

// gitLooksAt is how many bytes git looks through for a NUL, which makes a file binary.
const gitLooksAt = 8000

const maxScanned = 16 << 20 // bytes of one file that are looked through

// scanned reads the files of the pack through, once for all rules, and returns
// what it saw by the place of their entries.
func (t *target) scanned() []scan {
	if t.scans != nil {
		return t.scans
	}
	t.scans = make([]scan, len(t.list.Entries))
	if t.in.Archive {
		return t.scans // its files were just written, and have the same bytes everywhere
	}
	buffer := scanBuffers.Get().(*[scanSize]byte) //nolint:forcetypeassert // nothing else is put there
	defer scanBuffers.Put(buffer)
	for i, e := range t.list.Entries {
		if e.Mode.IsRegular() && e.Err == nil && t.ctx.Err() == nil {
			t.scans[i] = t.scan(e.Path, buffer[:])
		}
	}
	return t.scans
}

func (t *target) scan(name string, buffer []byte) scan {
	f, err := t.open(name)
	if err != nil {
		return scan{err: err}
	}
	defer f.Close() //nolint:errcheck // only read
	line, err := firstCRLF(io.LimitReader(f, maxScanned), buffer)
	return scan{crlf: line, err: cause(err)}
}

// firstCRLF returns the first line of a text that ends in CRLF; 0 where there is
// none, or the text is binary as git sees it.
func firstCRLF(r io.Reader, buffer []byte) (int, error) {
	line, begin, last := 1, true, byte(0)
	for {
		n, err := r.Read(buffer)
		chunk := buffer[:n]
		if begin && n > 0 {
			if bytes.IndexByte(chunk[:min(n, gitLooksAt)], 0) >= 0 {
				return 0, nil
			}
			begin = false
		}
		if last == '\r' && bytes.HasPrefix(chunk, []byte("\n")) {
			return line, nil
		}
		if i := bytes.Index(chunk, []byte("\r\n")); i >= 0 {
			return line + bytes.Count(chunk[:i], []byte("\n")), nil
		}
		line += bytes.Count(chunk, []byte("\n"))
		if n > 0 {
			last = chunk[n-1]
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return 0, err
		}
	}
}
