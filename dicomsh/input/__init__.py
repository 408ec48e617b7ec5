"""Files that others have written: tables and lists of values, checked, in bounded memory."""
