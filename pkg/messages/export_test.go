package messages

// Good are the files of the corpus in which a reading with these options finds no fault, by
// their names.
func Good(o Options) map[string]*File {
	files := map[string]*File{}
	for _, s := range specimens {
		if file, faults := Parse([]byte(s.text), o); len(faults) == 0 {
			files[s.name] = file
		}
	}
	return files
}
