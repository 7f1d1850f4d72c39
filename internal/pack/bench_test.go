package pack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

// benchmarkPack is a pack of 50 files and 600 KB, mostly text, in a few folders.
func benchmarkPack(b *testing.B) string {
	b.Helper()
	files := map[string]string{"pack.json": metaJSON, "logo.png": noise(12_000), "charts/a-1.0.0.tgz": noise(30_000)}
	for i := range 47 {
		var text strings.Builder
		for line := range 300 {
			fmt.Fprintf(&text, "  key-%d: {{ .Values.some.value%d | quote }}\n", line, i)
		}
		files[fmt.Sprintf("charts/a/templates/%d/file-%d.yaml", i%4, i)] = text.String()
	}
	return tree(b, files)
}

func BenchmarkReadMeta(b *testing.B) {
	dir := benchmarkPack(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadMeta(dir); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	dir := benchmarkPack(b)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(read(b, dir).Bytes)
	}
}

func BenchmarkReadStamp(b *testing.B) {
	dir := benchmarkPack(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadStamp(context.Background(), dir); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadArchive(b *testing.B) {
	archive := build(b, benchmarkPack(b))
	b.ReportAllocs()
	for b.Loop() {
		inv, err := ReadArchive(context.Background(), bytes.NewReader(archive), Limits{})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(inv.Bytes)
	}
}

func BenchmarkBuild(b *testing.B) {
	dir := benchmarkPack(b)
	b.ReportAllocs()
	for b.Loop() {
		inv, err := Build(context.Background(), io.Discard, dir, metaOfSample)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(inv.Bytes)
	}
}

func BenchmarkWriteArchive(b *testing.B) {
	dir := benchmarkPack(b)
	inv := read(b, dir)
	b.SetBytes(inv.Bytes)
	b.ReportAllocs()
	for b.Loop() {
		if err := WriteArchive(context.Background(), io.Discard, dir, metaOfSample, inv); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIgnore(b *testing.B) {
	chosen := selecting("*.bak\n*.tmp\n/docs/\n!docs/keep\nnode_modules/\n**/test/**\n[._]*.sw?\n")
	b.ReportAllocs()
	for b.Loop() {
		chosen.drops("charts/consul/templates/client-daemonset.yaml", false)
	}
}
