//! The desk actor, its ports and the running of cases
