//! Sessions of browsers and login links, in memory: after a restart one logs in again. Time is handed in.

use super::Principal;
use super::secret::Digest;
use std::collections::HashMap;
use std::time::Duration;

/// A session ends this long after it was opened.
const SESSION_LIFE: Duration = Duration::from_secs(7 * 24 * 3_600);
/// A login link is good this long.
const LOGIN_LIFE: Duration = Duration::from_secs(600);
/// Sessions at once; a further one ends the oldest.
const SESSIONS_MAX: usize = 1_000;
/// Unused login links at once; a further one ends the oldest.
const LOGINS_MAX: usize = 100;

/// Sessions and unused links, by the hash of their token.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    sessions: HashMap<Digest, (Principal, Duration)>,
    logins: HashMap<Digest, Duration>,
}

impl Sessions {
    pub(crate) fn open(&mut self, token: Digest, principal: Principal, now: Duration) {
        self.sessions
            .retain(|_, (_, opened)| now < *opened + SESSION_LIFE);
        drop_oldest(&mut self.sessions, SESSIONS_MAX, |(_, opened)| *opened);
        self.sessions.insert(token, (principal, now));
    }

    pub(crate) fn find(&self, token: &Digest, now: Duration) -> Option<Principal> {
        let (principal, opened) = self.sessions.get(token)?;
        (now < *opened + SESSION_LIFE).then(|| principal.clone())
    }

    pub(crate) fn close(&mut self, token: &Digest) {
        self.sessions.remove(token);
    }

    pub(crate) fn add_login(&mut self, token: Digest, now: Duration) {
        drop_oldest(&mut self.logins, LOGINS_MAX, |made| *made);
        self.logins.insert(token, now);
    }

    /// Whether the link is good; it is none afterwards.
    pub(crate) fn take_login(&mut self, token: &Digest, now: Duration) -> bool {
        self.logins
            .remove(token)
            .is_some_and(|made| now < made + LOGIN_LIFE)
    }
}

/// Makes room for one more where the limit is reached.
fn drop_oldest<V>(map: &mut HashMap<Digest, V>, limit: usize, age: impl Fn(&V) -> Duration) {
    if map.len() < limit {
        return;
    }
    let oldest = map
        .iter()
        .min_by_key(|(_, value)| age(value))
        .map(|(token, _)| *token);
    oldest.and_then(|token| map.remove(&token));
}
