//! Claims about days: logs in words, and with which of their frames the cut points of `main` are due. Every log is told
//! twice, once with a checkpoint after every frame.
