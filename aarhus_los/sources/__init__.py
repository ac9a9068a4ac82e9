"""Where a drop lies: a local folder, or a folder of an FTP, FTPS or SFTP server."""
