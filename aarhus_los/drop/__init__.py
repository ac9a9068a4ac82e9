"""Where a drop is and what it says: bytes to rows and rejects."""
