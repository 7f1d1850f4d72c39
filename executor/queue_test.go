package executor

import (
	"sync"
	"testing"
)

func TestQueuePrefersWhatIsSureToBePushed(t *testing.T) {
	t.Parallel()
	q := newQueue(5, 1, false)
	q.saw(3, false)
	q.saw(4, true)
	q.saw(4, true) // another registry lacks it, too
	for _, want := range []struct {
		i    int
		push bool
	}{{4, true}, {3, false}, {0, false}, {1, false}, {2, false}} {
		if i, push, ok := q.take(); i != want.i || push != want.push || !ok {
			t.Errorf("took %d, %v, %v; want %+v", i, push, ok, want)
		}
	}
	if i, _, ok := q.take(); ok {
		t.Errorf("took %d from an empty queue", i)
	}
}

func TestPatientQueueWaitsForWhatIsSeen(t *testing.T) {
	t.Parallel()
	const packs = 100
	q := newQueue(packs, 2, true)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range packs / 2 {
			q.saw(i, true)
		}
		q.leave()
	})
	wg.Go(q.leave) // the other registry is down
	pushes, all := 0, make(map[int]bool)
	for {
		i, push, ok := q.take()
		if !ok {
			break
		}
		if push {
			pushes++
		}
		all[i] = true
	}
	wg.Wait()
	if pushes != packs/2 || len(all) != packs {
		t.Errorf("%d packs to be pushed of %d; want %d of %d", pushes, len(all), packs/2, packs)
	}
}
