"""What stand-ins promise, asked of the real thing where somebody has the credentials for it."""
