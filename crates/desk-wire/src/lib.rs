//! Versioned messages between desk and centre
