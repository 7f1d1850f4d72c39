package executor

import "sync"

// queue hands out packs to be read, each once: first those that a registry was
// seen to lack, which are sure to be pushed, then those that were seen, then
// the others. A patient queue hands out the others only when nothing more will
// be seen, so that as many packs as possible are read only once.
type queue struct {
	mu      sync.Mutex
	change  *sync.Cond
	patient bool
	open    int // registries that are still being looked at
	taken   []bool
	next    int
	missing []int
	seen    []int
}

func newQueue(packs, registries int, patient bool) *queue {
	q := &queue{taken: make([]bool, packs), open: registries, patient: patient}
	q.change = sync.NewCond(&q.mu)
	return q
}

// saw notes what a registry has of a pack.
func (q *queue) saw(i int, missing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if missing {
		q.missing = append(q.missing, i)
	} else {
		q.seen = append(q.seen, i)
	}
	q.change.Signal()
}

// leave notes that nothing more will be seen in one registry.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open--
	q.change.Broadcast()
}

// take returns the next pack, and whether it is sure to be pushed; ok is false
// where none is left.
func (q *queue) take() (i int, push, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if i, ok := q.pop(&q.missing); ok {
			return i, true, true
		}
		if i, ok := q.pop(&q.seen); ok {
			return i, false, true
		}
		if !q.patient || q.open == 0 {
			break
		}
		q.change.Wait()
	}
	for ; q.next < len(q.taken); q.next++ {
		if !q.taken[q.next] {
			q.taken[q.next] = true
			return q.next, false, true
		}
	}
	return 0, false, false
}

// pop returns the first of a list that nobody has taken.
func (q *queue) pop(list *[]int) (int, bool) {
	for len(*list) > 0 {
		i := (*list)[0]
		*list = (*list)[1:]
		if !q.taken[i] {
			q.taken[i] = true
			return i, true
		}
	}
	return 0, false
}
