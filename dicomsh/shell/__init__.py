"""The shell: running one text, from analysis to exit status."""
