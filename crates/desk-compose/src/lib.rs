//! Wires the adapters to the desk actor, without a window; the headless desk
