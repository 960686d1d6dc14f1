//! Claims about keys, sessions and login links, on a directory of their own and a clock that is set by hand.

use super::*;
use runtime::{SimulatedTime, UnixMicros};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

fn open(dir: &Path) -> (KeyRing, SimulatedTime) {
    let (clock, time) = Clock::simulated(UnixMicros(1_700_000_000_000_000));
    (KeyRing::open(dir, clock).expect("keys open"), time)
}

fn new_key(name: &str, scope: Scope) -> NewKey {
    NewKey {
        name: name.to_owned(),
        scope,
        store: None,
    }
}

#[test]
fn the_first_start_writes_an_admin_key_that_only_its_owner_can_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let (keys, _) = open(dir.path());
    let written = fs::read_to_string(keys.admin_key_file()).expect("the key is there");
    assert_eq!(written.trim(), keys.admin_key());
    assert!(
        keys.admin_key().starts_with("ss_admin_") && keys.admin_key().len() == 52,
        "256 bits in base64"
    );
    for file in ["admin.key", "keys.json"] {
        let mode = fs::metadata(dir.path().join(file))
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let stored = fs::read_to_string(dir.path().join("keys.json")).expect("the hashes are there");
    assert!(
        !stored.contains(keys.admin_key()),
        "the key itself is in one place only"
    );
}

#[test]
fn a_second_start_keeps_every_key() {
    let dir = tempfile::tempdir().expect("a directory");
    let (first, _) = open(dir.path());
    let reader = first
        .create(&new_key("grafana", Scope::Read))
        .expect("a key");
    let (second, _) = open(dir.path());
    assert_eq!(second.admin_key(), first.admin_key());
    assert_eq!(
        second.authenticate(&reader).map(|who| who.name),
        Some("grafana".to_owned())
    );
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let (keys, _) = open(dir.path());
    let path = keys.admin_key_file();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("we own it");
    let error = KeyRing::open(dir.path(), Clock::machine())
        .err()
        .expect("refused")
        .to_string();
    assert!(
        error.contains("mode 644") && error.contains("chmod 600"),
        "{error}"
    );
}

#[test]
fn a_file_without_a_key_is_not_taken_for_one() {
    let dir = tempfile::tempdir().expect("a directory");
    file::write_private(&dir.path().join("admin.key"), b"secret\n").expect("written");
    let error = KeyRing::open(dir.path(), Clock::machine())
        .err()
        .expect("refused")
        .to_string();
    assert!(error.contains("ss_admin_"), "{error}");
}

#[test]
fn damaged_hashes_are_an_error_and_no_empty_ring() {
    let dir = tempfile::tempdir().expect("a directory");
    open(dir.path());
    file::write_private(&dir.path().join("keys.json"), b"{\"keys\":[{\"id\":1}]}")
        .expect("written");
    assert!(matches!(
        KeyRing::open(dir.path(), Clock::machine()),
        Err(KeyError::Damaged { .. })
    ));
}

#[test]
fn a_replaced_admin_key_replaces_the_old_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let (keys, _) = open(dir.path());
    let replaced = secret::random_secret("ss_admin_");
    file::write_private(&keys.admin_key_file(), replaced.as_bytes()).expect("written");
    let (again, _) = open(dir.path());
    assert!(again.authenticate(&replaced).is_some());
    assert!(again.authenticate(keys.admin_key()).is_none());
}

#[test]
fn a_key_is_known_by_all_of_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let (keys, _) = open(dir.path());
    let admin = keys.admin_key();
    assert!(
        keys.authenticate(admin)
            .is_some_and(|who| who.may(Scope::Ingest) && who.may(Scope::Read))
    );
    for wrong in [
        "",
        "ss_admin_",
        &admin[..admin.len() - 1],
        &format!("{admin}x"),
        &admin.to_lowercase(),
    ] {
        assert_eq!(keys.authenticate(wrong), None, "{wrong}");
    }
}

#[test]
fn scopes_are_told_apart_and_names_are_not_given_twice() {
    let dir = tempfile::tempdir().expect("a directory");
    let (keys, _) = open(dir.path());
    let key = keys.create(&new_key("shop", Scope::Ingest)).expect("a key");
    assert!(key.starts_with("ss_ingest_"));
    let who = keys.authenticate(&key).expect("known");
    assert_eq!(
        (
            who.may(Scope::Ingest),
            who.may(Scope::Read),
            who.may(Scope::Admin)
        ),
        (true, false, false)
    );
    assert!(matches!(
        keys.create(&new_key("shop", Scope::Read)),
        Err(KeyError::NameTaken { .. })
    ));
}

#[test]
fn a_login_link_works_once_and_for_ten_minutes() {
    let dir = tempfile::tempdir().expect("a directory");
    let (keys, time) = open(dir.path());
    let token = keys.login_token();
    let session = keys.redeem(&token).expect("good");
    assert!(
        keys.session(&session)
            .is_some_and(|who| who.may(Scope::Admin))
    );
    assert_eq!(keys.redeem(&token), None, "used");
    let late = keys.login_token();
    time.advance(Duration::from_secs(600));
    assert_eq!(keys.redeem(&late), None, "too late");
    assert_eq!(keys.redeem("guessed"), None);
}

#[test]
fn sessions_end_when_closed_and_after_a_week() {
    let dir = tempfile::tempdir().expect("a directory");
    let (keys, time) = open(dir.path());
    let admin = keys.authenticate(keys.admin_key()).expect("known");
    let (closed, kept) = (keys.open_session(admin.clone()), keys.open_session(admin));
    keys.close_session(&closed);
    assert_eq!(
        (keys.session(&closed), keys.session(&kept).is_some()),
        (None, true)
    );
    time.advance(Duration::from_secs(7 * 24 * 3_600));
    assert_eq!(keys.session(&kept), None);
}

#[test]
fn more_sessions_than_the_limit_end_the_oldest() {
    let dir = tempfile::tempdir().expect("a directory");
    let (keys, time) = open(dir.path());
    let admin = keys.authenticate(keys.admin_key()).expect("known");
    let first = keys.open_session(admin.clone());
    for _ in 0..1_000 {
        time.advance(Duration::from_millis(1));
        keys.open_session(admin.clone());
    }
    assert_eq!(keys.session(&first), None);
}
