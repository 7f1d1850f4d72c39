package render

import "testing"

func TestNewStyle(t *testing.T) {
	t.Parallel()
	terminal := Stream{Terminal: true, Width: 120}
	tests := []struct {
		name    string
		stream  Stream
		env     map[string]string
		noColor bool
		color   bool
		width   int
	}{
		{"terminal", terminal, nil, false, true, 120},
		{"no terminal", Stream{}, nil, false, false, 0},
		{"terminal of unknown width", Stream{Terminal: true}, nil, false, true, 80},
		{"very narrow terminal", Stream{Terminal: true, Width: 10}, nil, false, true, minWidth},
		{"--no-color", terminal, map[string]string{"CLICOLOR_FORCE": "1"}, true, false, 120},
		{"NO_COLOR", terminal, map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false, false, 120},
		{"empty NO_COLOR", terminal, map[string]string{"NO_COLOR": ""}, false, true, 120},
		{"forced", Stream{}, map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, false, true, 0},
		{"not forced", Stream{}, map[string]string{"CLICOLOR_FORCE": "0"}, false, false, 0},
		{"dumb terminal", terminal, map[string]string{"TERM": "dumb"}, false, false, 120},
		{"CLICOLOR=0", terminal, map[string]string{"CLICOLOR": "0"}, false, false, 120},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }
			got := NewStyle(tt.stream, env, tt.noColor, "packs")
			if got.Color != tt.color || got.Width != tt.width {
				t.Errorf("NewStyle = %+v, want color %v, width %d", got, tt.color, tt.width)
			}
		})
	}
}

func TestHintNamesTheProgram(t *testing.T) {
	t.Parallel()
	s := Style{Program: "kubectl packs"}
	if got, want := s.hint("run `packs apply` or `packs plan`"), "run `kubectl packs apply` or `kubectl packs plan`"; got != want {
		t.Errorf("hint = %q, want %q", got, want)
	}
}
