//! The tables of the design as tests, dialect by dialect.
