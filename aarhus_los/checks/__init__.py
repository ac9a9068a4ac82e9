"""What an import will meet on this machine, on the file server, in MO and at the address service. Nothing is written."""
