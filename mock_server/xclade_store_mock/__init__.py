"""A reference server for the Store API: stateful, contract-first, honest about errors."""
