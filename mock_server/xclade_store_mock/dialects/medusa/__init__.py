"""As a recorded Medusa 2.21.2 answers."""
