package store

// Len is how many entries are in memory, those included whose time is over.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries)
}
