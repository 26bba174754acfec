"""Where the store's state is kept."""
