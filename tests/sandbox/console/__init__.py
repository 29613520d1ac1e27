"""The console: the messenger as a page, on which anyone can be any of its people."""
