//! Nothing but tests: see `tests/scenarios`.
