"""What is in an object: its image, and its text. Needs the extra `view`, and pydicom."""
