//! The folder as a whole, on a real disk and log, with a clock that stands still until a test moves it.
