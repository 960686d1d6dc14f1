//! Countries by address, from small databases that another program's writer makes here.

use crate::geo::{GeoDatabase, GeoError};
use maxminddb_writer::Database;
use maxminddb_writer::metadata::IpVersion;
use maxminddb_writer::paths::IpAddrWithMask;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use tempfile::NamedTempFile;

type Record = BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>;

/// A record as GeoLite2 has it.
fn country(code: &'static str) -> Record {
    let names = BTreeMap::from([("iso_code", code), ("name", "a country")]);
    BTreeMap::from([
        ("continent", BTreeMap::from([("code", "EU")])),
        ("country", names),
    ])
}

pub(crate) fn database<R: Serialize>(kind: &str, networks: &[(&str, R)]) -> NamedTempFile {
    let mut database = Database::default();
    database.metadata.ip_version = IpVersion::V6;
    database.metadata.database_type = kind.to_owned();
    database.metadata.binary_format_major_version = 2;
    (database.metadata.description).insert("en".to_owned(), "made by a test".to_owned());
    for (network, record) in networks {
        let network: IpAddrWithMask = network.parse().expect("a network");
        let record = database.insert_value(record).expect("a record");
        database.insert_node(network, record);
    }
    let mut bytes = Vec::new();
    database.write_to(&mut bytes).expect("memory takes it");
    written(&bytes)
}

fn written(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("the disk takes it");
    file
}

/// Germany's network of the documentation in IPv4, France's in IPv6.
pub(crate) fn two_countries() -> NamedTempFile {
    database(
        "GeoLite2-Country",
        &[
            ("::203.0.113.0/120", country("DE")),
            ("2001:db8::/32", country("FR")),
        ],
    )
}

fn check(file: &NamedTempFile, address: &str, expected: Option<&str>) {
    let database = GeoDatabase::open(file.path()).expect("a sound database");
    let address = address.parse().expect("an address");
    assert_eq!(database.country(address), expected, "{address}");
}

#[test]
fn an_address_has_the_country_of_its_network() {
    let file = two_countries();
    check(&file, "203.0.113.1", Some("DE"));
    check(&file, "203.0.113.255", Some("DE"));
    check(&file, "2001:db8::1", Some("FR"));
}

#[test]
fn private_and_unknown_addresses_have_none() {
    let file = two_countries();
    for address in ["203.0.114.1", "10.0.0.1", "127.0.0.1", "::1", "2001:db9::1"] {
        check(&file, address, None);
    }
}

#[test]
fn databases_of_other_makers_are_read_too() {
    let flat = |code| BTreeMap::from([("country_code", code), ("country", "Germany")]);
    let file = database(
        "ipinfo generic_ipinfo_lite",
        &[("::203.0.113.0/120", flat("de"))],
    );
    check(&file, "203.0.113.1", Some("DE"));
    let bare = BTreeMap::from([("country", "AT")]);
    let file = database("ipinfo country", &[("::203.0.113.0/120", bare)]);
    check(&file, "203.0.113.1", Some("AT"));
}

#[test]
fn what_is_no_code_is_no_country() {
    let networks = [
        ("::203.0.113.0/120", country("DE")),
        ("::198.51.100.0/120", country("D1")),
        ("::192.0.2.0/120", country("Germany")),
    ];
    let file = database("GeoLite2-Country", &networks);
    check(&file, "198.51.100.1", None);
    check(&file, "192.0.2.1", None);
}

fn check_refused(file: &NamedTempFile, expected: &str) {
    let error = GeoDatabase::open(file.path()).expect_err("no database of countries");
    let told = error.to_string();
    assert!(told.contains(expected), "{told}");
    assert!(!error.hint().is_empty());
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let not_sound = "is no sound MaxMind DB file";
    check_refused(&written(b""), not_sound);
    check_refused(&written(b"\x1f\x8b\x08\0 packed"), not_sound);
    check_refused(&written(&[0xAB; 70_000]), not_sound);
}

#[test]
fn a_file_cut_short_or_damaged_in_its_middle_is_refused() {
    let bytes = std::fs::read(two_countries().path()).expect("just written");
    check_refused(&written(&bytes[..bytes.len() - 20]), "no sound");
    check_refused(&written(&bytes[..bytes.len() / 2]), "no sound");
    let mut damaged = bytes.clone();
    // Records are numbers of nodes: this one points far beyond the file.
    damaged[..6].fill(0xFF);
    check_refused(&written(&damaged), "no sound");
}

#[test]
fn bytes_changed_anywhere_never_panic() {
    let bytes = std::fs::read(two_countries().path()).expect("just written");
    let addresses = ["203.0.113.1", "2001:db8::1"].map(|text| text.parse().expect("an address"));
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x5A;
        if let Ok(database) = GeoDatabase::open(written(&changed).path()) {
            for address in addresses {
                let country = database.country(address);
                assert!(country.is_none_or(|code| code.len() == 2), "{country:?}");
            }
        }
    }
}

#[test]
fn a_database_of_something_else_is_refused_by_its_name() {
    let operator = BTreeMap::from([("autonomous_system_organization", "Example Net")]);
    let file = database("GeoLite2-ASN", &[("::203.0.113.0/120", operator)]);
    check_refused(
        &file,
        "holds no countries: it is a database of type GeoLite2-ASN",
    );
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = GeoDatabase::open(&folder.path().join("none.mmdb")).expect_err("not there");
    assert!(matches!(error, GeoError::Read { .. }), "{error}");
    assert!(error.to_string().contains("none.mmdb"), "{error}");
}
