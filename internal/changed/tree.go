package changed

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Modes of entries in trees.
const (
	modeExecutable = "100755"
	modeLink       = "120000"
	modeCommit     = "160000" // a submodule: no file of this repository
)

// treeEntry is a file of a commit.
type treeEntry struct {
	mode, blob, path string
	size             int64 // -1 where git does not tell
}

// parseTreeEntry reads "MODE TYPE BLOB SIZE\tPATH", as ls-tree --long writes it.
func parseTreeEntry(line string) (treeEntry, bool) {
	head, name, ok := strings.Cut(line, "\t")
	parts := strings.Fields(head)
	if !ok || len(parts) != 4 || parts[0] == modeCommit {
		return treeEntry{}, false
	}
	size, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil {
		size = -1
	}
	return treeEntry{mode: parts[0], blob: parts[2], path: name, size: size}, true
}

// baseFiles returns the files of a folder at the merge base, by their path below it.
func (d *Diff) baseFiles(ctx context.Context, folder string) (map[string]treeEntry, error) {
	args := []string{"ls-tree", "-r", "-z", "--full-tree", "--long", d.Base}
	if folder != "." {
		args = append(args, "--", folder+"/")
	}
	out, err := d.repo.git(ctx, nil, args...)
	if err != nil {
		return nil, d.fault(err, "")
	}
	files := make(map[string]treeEntry)
	for _, line := range fields(out) {
		e, ok := parseTreeEntry(line)
		if rel, inside := below(e.path, folder); ok && inside {
			files[rel] = e
		}
	}
	return files, nil
}

// blobs returns the bytes of objects, in their order.
func (d *Diff) blobs(ctx context.Context, ids []string) ([][]byte, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := d.repo.git(ctx, []byte(strings.Join(ids, "\n")+"\n"), "cat-file", "--batch")
	if err != nil {
		return nil, d.fault(err, "")
	}
	texts := make([][]byte, len(ids))
	r := bufio.NewReader(bytes.NewReader(out))
	for i := range ids {
		if texts[i], err = batchObject(r); err != nil {
			return nil, d.fault(fmt.Errorf("git cat-file: %w", err), "objects are missing: fetch them")
		}
	}
	return texts, nil
}

var errMissingObject = errors.New("an object is missing")

// batchObject reads "ID TYPE SIZE\nBYTES\n".
func batchObject(r *bufio.Reader) ([]byte, error) {
	head, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	parts := strings.Fields(head)
	if len(parts) != 3 {
		return nil, errMissingObject
	}
	size, err := strconv.Atoi(parts[2])
	if err != nil || size < 0 {
		return nil, errMissingObject
	}
	var text bytes.Buffer
	if _, err := io.CopyN(&text, r, int64(size)); err != nil {
		return nil, err
	}
	_, err = r.Discard(1)
	return text.Bytes(), err
}

func (d *Diff) stat(rel string) (fs.FileInfo, error) {
	return os.Lstat(filepath.Join(d.root, filepath.FromSlash(rel)))
}
