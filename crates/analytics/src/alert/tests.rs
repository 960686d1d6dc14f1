//! Claims about alerts.
