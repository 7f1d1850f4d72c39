package oci

import (
	"io"
	"sync"
)

// meter counts the bytes of one push.
type meter struct {
	progress func(n int64) // of the layer; may be nil

	mu   sync.Mutex
	sum  int64
	best int64 // of the layer, the furthest that any try came
}

func (m *meter) add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum += n
}

func (m *meter) total() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sum
}

// layer makes a layer report its progress. What is sent again is not counted
// again, so that progress never exceeds the whole.
func (m *meter) layer(open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	if m.progress == nil {
		return open
	}
	return func() (io.ReadCloser, error) {
		rc, err := open()
		if err != nil {
			return nil, err
		}
		var at int64
		return &counted{ReadCloser: rc, sent: func(n int64) {
			at += n
			if gain := m.gain(at); gain > 0 {
				m.progress(gain)
			}
		}}, nil
	}
}

func (m *meter) gain(at int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	gain := at - m.best
	m.best = max(m.best, at)
	return gain
}
