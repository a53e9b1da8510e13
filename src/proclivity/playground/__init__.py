"""Ask every arm of a finished study yourself: a page on this machine, and the models behind it."""
