"""The shell: one text from analysis to exit status."""
