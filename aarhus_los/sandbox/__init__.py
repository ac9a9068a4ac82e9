"""A file server, an MO and an address service in this process, on loopback. Imports nothing of the importer."""
