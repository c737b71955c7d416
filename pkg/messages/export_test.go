package messages

// Good are the files of the corpus that have no fault, by their names.
func Good() map[string]string {
	files := map[string]string{}
	for _, s := range specimens {
		if len(s.faults) == 0 {
			files[s.name] = s.text
		}
	}
	return files
}
