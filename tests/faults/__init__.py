"""Every function dies, is delivered again and twice at once; the story must end the same."""
