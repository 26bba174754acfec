"""Payment collections, payment sessions and their rules."""
