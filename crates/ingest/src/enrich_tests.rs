//! Enrichment through the whole of a file: what lands in the columns, and the real user agents beside the project.

use crate::enrich::Enrichment;
use crate::file::{FileOptions, FileReader};
use crate::geo::GeoDatabase;
use crate::geo_tests::two_countries;
use event::EventTime;
use event::derive::{DeriveRules, DeviceType, IpPolicy, UserAgent};
use event::frame::{FrameBody, FrameBuilder};
use event::schema::{Label, Number, Text};
use flate2::read::GzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor};
use std::path::Path;
use std::sync::Arc;

/// 2026-03-02 12:00 UTC.
const NOW: EventTime = EventTime(1_772_452_800_000_000);

fn read(text: &str, enrichment: Enrichment) -> FrameBody {
    let mut options = FileOptions::new("events.ndjson", "main");
    options.enrichment = enrichment;
    let bytes = Cursor::new(text.to_owned().into_bytes());
    let mut reader = FileReader::open(Box::new(bytes), options).expect("a file of events");
    let mut builder = FrameBuilder::new();
    reader
        .next_frame(&mut builder, 1_000, NOW)
        .expect("memory can be read");
    builder.finish()
}

/// Fields of one event, given as the members of its JSON beside id, type and time.
fn check(members: &str, enrichment: &Enrichment, expected: &str) {
    let line = format!(
        r#"{{"event_id":"e1","type":"page_view","timestamp":"2026-03-02T10:00:00Z",{members}}}"#
    );
    let body = read(&line, enrichment.clone());
    assert_eq!(body.events.len(), 1, "{:?}", body.rejected);
    let event = body.events.event(0);
    let labels = [Label::Country, Label::DeviceType, Label::Browser, Label::Os];
    let labels = labels.map(|column| (column.name(), event.label(column).map(str::to_owned)));
    let texts = [Text::Ip, Text::BotReason, Text::Inferred];
    let texts = texts.map(|column| (column.name(), event.text(column).map(str::to_owned)));
    let is_bot = event.number(Number::IsBot).map(|bit| bit.to_string());
    let all = labels.into_iter().chain(texts).chain([("is_bot", is_bot)]);
    let told = all.filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    assert_eq!(told.collect::<Vec<_>>().join(" "), expected);
}

fn with_countries(ip: IpPolicy) -> Enrichment {
    let database = GeoDatabase::open(two_countries().path()).expect("just written");
    let rules = DeriveRules {
        ip,
        ..DeriveRules::default()
    };
    Enrichment {
        rules: Arc::new(rules),
        geo: Some(Arc::new(database)),
    }
}

#[test]
fn the_country_is_looked_up_before_the_address_is_cut() {
    let ip = r#""ip":"203.0.113.195""#;
    let by_default = with_countries(IpPolicy::Truncate);
    check(
        ip,
        &by_default,
        "country=DE ip=203.0.113.0 inferred=country",
    );
    check(
        ip,
        &with_countries(IpPolicy::Drop),
        "country=DE inferred=country",
    );
    check(
        r#""ip":"2001:db8::7""#,
        &with_countries(IpPolicy::Keep),
        "country=FR ip=2001:db8::7 inferred=country",
    );
}

#[test]
fn a_country_the_sender_gave_stays_and_is_no_guess() {
    check(
        r#""ip":"203.0.113.195","country":"Austria""#,
        &with_countries(IpPolicy::Truncate),
        "country=Austria ip=203.0.113.0",
    );
}

#[test]
fn an_unknown_address_has_no_country() {
    let enrichment = with_countries(IpPolicy::Truncate);
    check(r#""ip":"192.168.1.100""#, &enrichment, "ip=192.168.1.0");
    check(r#""ip":"unknown""#, &enrichment, "");
}

#[test]
fn without_a_database_addresses_are_only_cut() {
    let ip = r#""ip":"203.0.113.195""#;
    check(ip, &Enrichment::default(), "ip=203.0.113.0");
}

#[test]
fn a_user_agent_of_a_file_becomes_columns() {
    check(
        r#""user_agent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1""#,
        &Enrichment::default(),
        "device_type=mobile browser=Safari os=iOS is_bot=0",
    );
    check(
        r#""user_agent":"curl/8.5.0""#,
        &Enrichment::default(),
        "device_type=bot bot_reason=user_agent: curl/ is_bot=1",
    );
}

/// The field of each line behind the last pair of quotes; one line of the fixture is cut short and has none.
fn user_agents(path: &Path) -> (u64, BTreeMap<String, u64>) {
    let lines = BufReader::new(GzDecoder::new(File::open(path).expect("it exists"))).split(b'\n');
    let mut lines_seen = 0;
    let mut counts = BTreeMap::new();
    for line in lines {
        let line = line.expect("the fixture can be read");
        let line = String::from_utf8_lossy(&line).into_owned();
        lines_seen += 1;
        let inner = line
            .strip_suffix('"')
            .and_then(|rest| rest.rsplit_once('"'));
        if let Some((_, text)) = inner {
            *counts.entry(text.to_owned()).or_insert(0) += 1;
        }
    }
    (lines_seen, counts)
}

/// The independent count: a Python script, run once on 2026-11-21 over the same lines, that took bots from
/// CrawlerDetect 0.4.2 and devices from user-agents 2.2.0 with the rules of ua-parser-builtins 202610.
///
/// | | bot | desktop | mobile | tablet | other and nothing |
/// |---|---|---|---|---|---|
/// | user agents, script | 98 | 320 | 97 | 24 | 19 |
/// | user agents, ours | 98 | 329 | 103 | 17 | 11 |
/// | requests, script | 2,583 | 6,679 | 310 | 100 | 327 |
/// | requests, ours | 2,648 | 6,701 | 306 | 94 | 250 |
///
/// 534 of 558 are judged alike, and the other 24 were read one by one. Phones to us and tablets to the script: seven apps
/// (six on Dalvik, Instagram's). Computers to us and nothing, or a tablet, to it: three BSDs, ELinks on a fourth,
/// Windows 95 and 98, Chrome on X11, Internet Explorer on ARM. Bots to us alone: three programs that give an address of
/// contact, among them Chef with 61 requests. Bots to it alone: three that do not say so. It takes a tablet that says
/// `Tablet` for a phone, and a scanner of ports too.
#[test]
fn devices_and_bots_of_a_real_log_are_counted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/fixtures/apache_logs_elastic/apache_logs.gz");
    if !path.exists() {
        println!("SKIPPED: {} is missing", path.display());
        return;
    }
    let (lines, counts) = user_agents(&path);
    assert_eq!((lines, counts.len()), (10_000, 558));
    let mut distinct: BTreeMap<&str, u64> = BTreeMap::new();
    let mut requests: BTreeMap<&str, u64> = BTreeMap::new();
    let mut reasons = BTreeSet::new();
    for (text, count) in &counts {
        let read = UserAgent::read(text);
        let name = read.map_or("nothing", |read| read.device.name());
        *distinct.entry(name).or_insert(0) += 1;
        *requests.entry(name).or_insert(0) += count;
        reasons.extend(read.and_then(|read| read.bot));
        let is_bot = read.is_some_and(|read| read.device == DeviceType::Bot);
        assert_eq!(
            is_bot,
            read.is_some_and(|read| read.bot.is_some()),
            "{text}"
        );
    }
    let expected = [
        ("bot", 98),
        ("desktop", 329),
        ("mobile", 103),
        ("nothing", 1),
        ("other", 10),
        ("tablet", 17),
    ];
    assert_eq!(distinct, BTreeMap::from(expected));
    let expected = [
        ("bot", 2_648),
        ("desktop", 6_701),
        ("mobile", 306),
        ("nothing", 190),
        ("other", 60),
        ("tablet", 94),
    ];
    assert_eq!(requests, BTreeMap::from(expected));
    assert!(reasons.len() > 30, "{reasons:?}");
}
