"""What a run reports: the account, the terminal, the files in the report folder."""
