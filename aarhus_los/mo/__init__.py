"""OS2mo: the fields we own, reading it, and the one door through which it is written."""
