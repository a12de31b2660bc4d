"""Each engine turns (run seed, index) into completions."""
