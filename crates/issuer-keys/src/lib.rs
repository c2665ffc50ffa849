//! Issuer key derivation, session keys, MACs and TAC checks; used by the centre only
