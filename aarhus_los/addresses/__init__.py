"""From an address text to the uuid of a Danish address (DAR)."""
