package ratelimit

// Len is how many windows are in memory, those included that are over.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.windows)
}
