//! Session tokens (security §4).

use super::account::Account;
use std::collections::BTreeMap;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Most sessions that are remembered; the oldest are forgotten first. There are clients that log in on every
/// connection and never use the token.
const MAX_SESSIONS: usize = 65_536;
const SECRET_SIZE: usize = 32;
/// The number that finds the session, then the secret that proves it.
const TOKEN_SIZE: usize = 8 + SECRET_SIZE;

/// The sessions that a node has issued.
#[derive(Default)]
pub struct Sessions {
    sessions: BTreeMap<u64, Session>,
    next: u64,
}

struct Session {
    secret: [u8; SECRET_SIZE],
    account: Arc<Account>,
    /// Milliseconds of the server's clock.
    ends_ms: u64,
}

impl Sessions {
    /// Begins a session; its token.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn begin(
        &mut self,
        account: &Arc<Account>,
        now_ms: u64,
        ttl_seconds: u32,
    ) -> Result<[u8; TOKEN_SIZE], getrandom::Error> {
        let mut secret = [0; SECRET_SIZE];
        getrandom::fill(&mut secret)?;
        let id = self.next;
        self.next += 1;
        while self.sessions.first_entry().is_some_and(|oldest| oldest.get().ends_ms <= now_ms)
            || self.sessions.len() >= MAX_SESSIONS
        {
            self.sessions.pop_first();
        }
        let ends_ms = now_ms.saturating_add(ttl_seconds as u64 * 1000);
        self.sessions.insert(id, Session { secret, account: account.clone(), ends_ms });
        let mut token = [0; TOKEN_SIZE];
        token[..8].copy_from_slice(&id.to_be_bytes());
        token[8..].copy_from_slice(&secret);
        Ok(token)
    }

    /// The user whom a token was issued to, unless it was revoked or its time is over.
    pub fn find(&self, token: &[u8], now_ms: u64) -> Option<Arc<Account>> {
        let (id, secret) = token.split_first_chunk()?;
        let session = self.sessions.get(&u64::from_be_bytes(*id))?;
        let proven: bool = session.secret.as_slice().ct_eq(secret).into();
        (proven && now_ms < session.ends_ms).then(|| session.account.clone())
    }

    /// Ends all sessions of a user.
    pub fn revoke(&mut self, account: &Arc<Account>) {
        self.sessions.retain(|_, session| !Arc::ptr_eq(&session.account, account));
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("count", &self.sessions.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_end_and_are_revoked() {
        let mut sessions = Sessions::default();
        let (ann, ben) = (Arc::new(Account::new(b"ann")), Arc::new(Account::new(b"ben")));
        let token = sessions.begin(&ann, 1000, 120).unwrap();
        let other = sessions.begin(&ben, 1000, 120).unwrap();
        assert_ne!(token[8..], other[8..]);
        assert!(Arc::ptr_eq(&sessions.find(&token, 120_999).unwrap(), &ann));
        assert!(sessions.find(&token, 121_000).is_none());
        assert!(sessions.find(&token[..39], 1000).is_none() && sessions.find(&[], 1000).is_none());
        let mut forged = token;
        forged[39] ^= 1;
        assert!(sessions.find(&forged, 1000).is_none());
        sessions.revoke(&ann);
        assert!(sessions.find(&token, 1000).is_none() && sessions.find(&other, 1000).is_some());
    }

    #[test]
    fn logging_in_again_and_again_costs_bounded_memory() {
        let mut sessions = Sessions::default();
        let ann = Arc::new(Account::new(b"ann"));
        let first = sessions.begin(&ann, 0, 120).unwrap();
        for _ in 0..MAX_SESSIONS {
            sessions.begin(&ann, 0, 120).unwrap();
        }
        assert_eq!(sessions.sessions.len(), MAX_SESSIONS);
        assert!(sessions.find(&first, 0).is_none());
        sessions.begin(&ann, 120_000, 120).unwrap();
        assert_eq!(sessions.sessions.len(), 1);
    }
}
