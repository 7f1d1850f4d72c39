package palettetest

import (
	"net/http"
	"strings"
)

// Fault is an answer that goes wrong.
type Fault struct {
	Method string // empty: any
	End    string // of the path
	Times  int    // how often; 0: always
	Done   bool   // what was asked is done all the same

	Status int // 0: the connection is cut
	Header map[string]string
	Body   string
}

// Fail lets requests go wrong from now on.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = -1
	}
	s.faults = append(s.faults, &f)
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault finds the one that a request meets.
func (s *Server) fault(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times != 0 && (f.Method == "" || f.Method == r.Method) && strings.HasSuffix(r.URL.Path, f.End) {
			f.Times--
			return f
		}
	}
	return nil
}

func (f *Fault) answer(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body)) // whoever asked went away
}
