package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Contents are the bytes of files, by their digests.
type Contents map[[sha256.Size]byte][]byte

// ReadContents reads an archive once more and keeps the bytes of the files that
// are wanted, as ReadArchive told their digests, where they have at most so many
// bytes each. Errors are those of ReadArchive.
func ReadContents(ctx context.Context, r io.Reader, l Limits, wanted map[[sha256.Size]byte]bool, most int64) (Contents, error) {
	kept := make(Contents)
	s := getScratch()
	defer s.release()
	_, err := scan(ctx, r, l, func(ctx context.Context, e *entry, r io.Reader) error {
		if e.Size > most {
			return s.copy(ctx, nil, r, &e.File)
		}
		var b bytes.Buffer
		if err := s.copy(ctx, &b, r, &e.File); err != nil {
			return err
		}
		if wanted[e.Digest] {
			kept[e.Digest] = b.Bytes()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

// FolderContents reads the wanted ones among some files of a pack's folder, where
// they have at most so many bytes. A file that no longer has its digest is ErrChanged.
func FolderContents(ctx context.Context, dir string, files []File, wanted map[[sha256.Size]byte]bool, most int64) (kept Contents, err error) {
	f, err := openFolder(dir, Limits{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	kept = make(Contents)
	for i := range files {
		file := &files[i]
		if file.Kind != Regular || file.Size > most || !wanted[file.Digest] || kept[file.Digest] != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text, err := f.small(file.Path, most)
		if err != nil {
			return nil, err
		}
		if sha256.Sum256([]byte(text)) != file.Digest {
			return nil, fmt.Errorf("%s: %w", show(file.Path), ErrChanged)
		}
		kept[file.Digest] = []byte(text)
	}
	return kept, nil
}

// FileContents is ReadContents for an archive on disk.
func FileContents(ctx context.Context, path string, wanted map[[sha256.Size]byte]bool, most int64) (kept Contents, err error) {
	f, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return ReadContents(ctx, f, Limits{}, wanted, most)
}
