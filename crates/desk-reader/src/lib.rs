//! PC/SC reader actor: one thread owns the context; hot-plug and diagnosis
