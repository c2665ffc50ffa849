//! Argon2id with a pepper (19 MiB, two passes), off the threads that answer requests.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use async_trait::async_trait;
use centre_core::ports::{Passwords, PortFailure};
use zeroize::Zeroizing;

/// Hashes with this centre's pepper.
#[derive(Clone)]
pub struct Peppered(Zeroizing<Vec<u8>>);

impl Peppered {
    #[must_use]
    pub fn new(pepper: Zeroizing<Vec<u8>>) -> Self {
        Self(pepper)
    }

    fn check(&self, password: &str, phc: &str) -> bool {
        let Ok(argon) = argon(&self.0) else {
            return false;
        };
        PasswordHash::new(phc).is_ok_and(|hash| argon.verify_password(password.as_bytes(), &hash).is_ok())
    }
}

fn argon(secret: &[u8]) -> argon2::Result<Argon2<'_>> {
    Argon2::new_with_secret(secret, Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// PHC string; an empty secret is no pepper (verifiers that desks hold).
///
/// # Errors
/// What the library says.
pub fn hash(secret: &[u8], password: &str, salt: &[u8; 16]) -> Result<String, String> {
    argon(secret)
        .map_err(|error| error.to_string())?
        .hash_password_with_salt(password.as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(|error| error.to_string())
}

#[async_trait]
impl Passwords for Peppered {
    async fn matches(&self, password: &str, phc: &str) -> bool {
        let (own, password, phc) = (self.clone(), Zeroizing::new(password.to_owned()), phc.to_owned());
        tokio::task::spawn_blocking(move || own.check(&password, &phc)).await.unwrap_or(false)
    }

    async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, PortFailure> {
        let (own, password) = (self.clone(), Zeroizing::new(password.to_owned()));
        let failed = |detail| PortFailure { port: "passwords", detail };
        tokio::task::spawn_blocking(move || hash(&own.0, &password, &salt))
            .await
            .map_err(|error| failed(error.to_string()))?
            .map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pepper_and_case_count() {
        let peppered = Peppered::new(Zeroizing::new(vec![1; 32]));
        let phc = peppered.hash("01019X", [2; 16]).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(peppered.matches("01019X", &phc).await);
        assert!(!peppered.matches("01019x", &phc).await);
        let other = Peppered::new(Zeroizing::new(vec![3; 32]));
        assert!(!other.matches("01019X", &phc).await);
        assert!(!peppered.matches("01019X", "garbage").await);
    }
}
