"""What the shell of the system is told: completion of its command line, the man page, our files."""
