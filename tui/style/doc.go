// Package style holds how the console looks: one Styles value made from a
// theme, the glyphs, and the decision how much colour a terminal gets.
//
// Colour is never the only sign of anything: whatever a colour says is also
// said by a word, a letter or a mark. Neither backgrounds nor black and white
// are named, so that a dark and a light terminal both stay readable. Lip Gloss
// describes a style; what it writes around a text is worked out once, since a
// frame paints several hundred pieces.
package style
