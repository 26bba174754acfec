"""Ways to answer: as documented, or as a recorded Medusa backend does."""
