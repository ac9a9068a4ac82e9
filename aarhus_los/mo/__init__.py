"""OS2mo: the fields we own, reading it, and the one place that writes it."""
