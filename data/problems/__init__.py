"""Real problems whose spectra are in the box, each a script that can be run again."""
