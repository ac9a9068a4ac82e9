"""What a file of the drop says: names, and bytes to rows and rejects."""
