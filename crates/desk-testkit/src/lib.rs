//! Desk, simulator and centre in one process; faults and scenarios; never in a shipped program
