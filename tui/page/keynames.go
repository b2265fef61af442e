package page

// keyName is what a key of a screen is called for this person: a text that names
// a key asks for it, since the settings may have given it another one. The
// screens know it as known ("u", "ctrl+x"); Stay is for the keys of the console.
func (s *Shared) keyName(on Screen, known string) string {
	if s.KeyName == nil {
		return known
	}
	return s.KeyName(on, known)
}

// undoKey is the key that takes an edit back on Policy.
func (s *Shared) undoKey() string { return s.keyName(PolicyScreen, "u") }

// problemsKey is the key that lists the problems.
func (s *Shared) problemsKey() string { return s.keyName(Stay, "w") }

// screenKeys are the keys of the screens, in their order.
const screenKeys = "1234567"

// screenName is a screen with its key, as the tabs have it: "2 Policy".
func (s *Shared) screenName(at Screen, title string) string {
	return s.keyName(Stay, screenKeys[at-OverviewScreen:][:1]) + " " + title
}
