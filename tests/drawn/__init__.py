"""Drops drawn at random, an oracle that says day by day what MO must say after them, and plays of real runs against it."""
