//! Passwords against stored verifiers.

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use desk_app::ports::Verifier;

/// Argon2id with the parameters of the stored string.
#[derive(Debug, Clone, Copy, Default)]
pub struct Argon2Verifier;

impl Verifier for Argon2Verifier {
    /// False as well for a string that is no verifier.
    fn matches(&self, password: &str, phc: &str) -> bool {
        PasswordHash::new(phc).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordHasher;

    #[test]
    fn the_right_password_and_no_other() {
        let phc = Argon2::default().hash_password(b"demo-1001").unwrap().to_string();
        assert!(Argon2Verifier.matches("demo-1001", &phc));
        assert!(!Argon2Verifier.matches("demo-1002", &phc));
        assert!(!Argon2Verifier.matches("demo-1001", "not a verifier"));
        assert!(!Argon2Verifier.matches("", ""));
    }
}
