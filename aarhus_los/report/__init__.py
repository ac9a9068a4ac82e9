"""What a run tells: the account, the terminal, the files in the report folder."""
