"""One module a story: a faultless script, and the same with one fault planted."""
