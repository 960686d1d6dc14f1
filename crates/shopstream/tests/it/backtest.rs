//! `backtest` as a user runs it: it says what the running shop alerts, agrees with a comparison by hand, writes nothing, and
//! other thresholds change it the way the truth says they must. And rules of the configuration, which it shares.

use super::planted::{Played, Subjects, play};
use crate::shop::{rows, send};
use crate::{dir, figure, program};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use testkit::{Client, Program};

const EVENTS: u64 = 20_000;

/// The played shop as files: its events, and the simulator's table of alerts.
struct Files {
    events: PathBuf,
    truth: PathBuf,
}

impl Files {
    fn of(played: &Played, dir: &tempfile::TempDir) -> Files {
        let files = Files {
            events: dir.path().join("events.ndjson"),
            truth: dir.path().join("alerts.csv"),
        };
        std::fs::write(&files.events, played.lines.concat()).expect("is written");
        std::fs::write(&files.truth, &played.table).expect("is written");
        files
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// The rules of a backtest by name.
fn rules(program: &Program, words: &[&str]) -> BTreeMap<String, Value> {
    let words = [&["backtest", "--format", "json"], words].concat();
    let ran = program.run(&words).expect("runs");
    assert_eq!(ran.code, Some(0), "{words:?}: {}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).expect("is JSON");
    let rules = told["rules"].as_array().expect("rules").iter();
    rules
        .map(|rule| (figure(rule, "rule"), rule.clone()))
        .collect()
}

fn count(rule: &Value, name: &str) -> u64 {
    rule[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name}: {rule}"))
}

fn ratio(rule: &Value, name: &str) -> f64 {
    rule[name]
        .as_f64()
        .unwrap_or_else(|| panic!("{name}: {rule}"))
}

/// By rule, what the running shop alerts: how often, and about what.
fn alerted(client: &Client) -> BTreeMap<String, Vec<String>> {
    let mut alerted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for alert in rows(client, "/api/v1/alerts?") {
        let subjects = alerted.entry(figure(&alert, "rule")).or_default();
        subjects.push(figure(&alert["subject"], "key"));
    }
    alerted
}

fn check_counts(rules: &BTreeMap<String, Value>, alerted: &BTreeMap<String, Vec<String>>) {
    for (name, rule) in rules {
        let live = alerted.get(name).map_or(0, Vec::len) as u64;
        assert_eq!(count(rule, "alerts"), live, "{name}");
    }
    let unknown = alerted.keys().find(|name| !rules.contains_key(*name));
    assert_eq!(unknown, None);
}

/// Precision and recall by subject, as the test of planted alerts compares them.
fn check_ratios(
    rules: &BTreeMap<String, Value>,
    alerted: &BTreeMap<String, Vec<String>>,
    truth: &Subjects,
) {
    for (name, known) in truth {
        let found: BTreeSet<String> = alerted[name].iter().cloned().collect();
        let both = found.intersection(known).count() as f64;
        let rule = &rules[name];
        assert_eq!(
            ratio(rule, "precision"),
            both / found.len() as f64,
            "{name}"
        );
        assert_eq!(ratio(rule, "recall"), both / known.len() as f64, "{name}");
    }
    for (name, rule) in rules.iter().filter(|(name, _)| !truth.contains_key(*name)) {
        let of_truth = ["precision", "recall", "known", "found"].map(|column| &rule[column]);
        assert_eq!(of_truth, [&Value::Null; 4], "nothing is known of {name}");
    }
}

/// Every file of a folder and of those in it, with its content.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.append(&mut contents(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            all.insert(path, bytes);
        }
    }
    all
}

#[test]
fn a_backtest_says_what_the_shop_alerts_and_writes_nothing() {
    for seed in 1..=2 {
        let played = play(seed, EVENTS);
        let dir = dir();
        let files = Files::of(&played, &dir);
        let program = program(&dir);
        let server = program.up().expect("starts");
        send(&server, &played.lines);
        let all = played.lines.len() as u64;
        server.audit_of(all).expect("the law holds");
        let alerted = alerted(&server);

        let truth = ["--truth", text(&files.truth)];
        let of_log = rules(&program, &truth);
        check_counts(&of_log, &alerted);
        check_ratios(&of_log, &alerted, &played.truth);
        assert!(of_log.len() >= 16, "every rule that is set");

        server.stop().expect("stops");
        let before = contents(program.data_dir());
        let of_file = rules(
            &program,
            &[&truth[..], &["--file", text(&files.events)]].concat(),
        );
        assert_eq!(rules(&program, &truth), of_log, "the same without a server");
        assert_eq!(of_file, of_log, "the same from the file");
        let after = contents(program.data_dir());
        assert_eq!(
            before.keys().collect::<Vec<_>>(),
            after.keys().collect::<Vec<_>>()
        );
        assert!(before == after, "nothing in the data directory changed");
    }
}

/// Values of the truth's rows of a rule.
fn values(played: &Played, rule: &str) -> Vec<f64> {
    let rows = played.table.lines().skip(1);
    let rows = rows.filter_map(|row| row.strip_prefix(&format!("{rule},")));
    let value = |row: &str| row.rsplit(',').next().expect("a value").parse::<f64>();
    rows.map(|row| value(row).expect("a number")).collect()
}

#[test]
fn another_threshold_changes_precision_and_recall_as_the_truth_says() {
    let played = play(1, EVENTS);
    let dir = dir();
    let files = Files::of(&played, &dir);
    let program = program(&dir);
    let tried = |above: &str| {
        let above = format!("above={above}");
        let words = [
            "high_value_order",
            "--file",
            text(&files.events),
            "--truth",
            text(&files.truth),
            "--try",
            &above,
        ];
        rules(&program, &words)["high_value_order"].clone()
    };
    let known = values(&played, "high_value_order");
    let all = known.len() as u64;
    let above = known.iter().filter(|value| **value > 2_500.5).count() as u64;
    assert!(0 < above && above < all, "{above} of {all}");

    let strict = tried("2500.5");
    assert_eq!(
        (count(&strict, "alerts"), count(&strict, "known")),
        (above, all)
    );
    assert_eq!(ratio(&strict, "precision"), 1.0);
    assert_eq!(ratio(&strict, "recall"), above as f64 / all as f64);
    assert_eq!(count(&tried("1000"), "alerts"), all, "as it is set");

    let loose = tried("300");
    let alerts = count(&loose, "alerts");
    assert!(alerts > all, "{alerts}");
    assert_eq!(ratio(&loose, "recall"), 1.0);
    assert_eq!(ratio(&loose, "precision"), all as f64 / alerts as f64);
    assert_eq!(loose["false"].as_array().map(Vec::len), Some(10));
    assert_eq!(loose["missed"], json!([]));
}

#[test]
fn rules_of_the_configuration_hold_and_a_change_counts_alerts_again() {
    let played = play(1, EVENTS);
    let dir = dir();
    let program = program(&dir);
    let config = dir.path().join("shop.toml");
    let started = |rules: &str| {
        std::fs::write(&config, rules).expect("is written");
        let server = program
            .start(["up", "--config", text(&config)])
            .expect("starts");
        server.wait_until_ready().expect("is ready");
        server
    };
    let server = started(
        "[[stores.main.alerts]]\nname = 'high_value_order'\nabove = 1200\n\
         [[stores.main.alerts]]\nname = 'giants'\nkind = 'high_value'\nabove = '1500.00'\nseverity = 'critical'\n\
         [[stores.main.alerts]]\nname = 'low_stock'\nenabled = false\n",
    );
    send(&server, &played.lines);
    server
        .audit_of(played.lines.len() as u64)
        .expect("the law holds");
    let over = |limit: f64| {
        let known = values(&played, "high_value_order");
        known.iter().filter(|value| **value > limit).count()
    };
    let fired = alerted(&server);
    assert!(0 < over(1_500.0) && over(1_500.0) < over(1_200.0));
    assert_eq!(fired["high_value_order"].len(), over(1_200.0));
    assert_eq!(fired["giants"].len(), over(1_500.0));
    assert_eq!(fired.get("low_stock"), None);
    let config_words = ["--config", text(&config)];
    check_counts(&rules(&program, &config_words), &fired);
    let off = rules(&program, &[&["low_stock"], &config_words[..]].concat());
    assert!(
        count(&off["low_stock"], "alerts") > 0,
        "it can be tried before it is switched on"
    );
    let giant = server
        .get("/api/v1/alerts?rule=giants&limit=1")
        .expect("alerts");
    assert_eq!(giant["data"][0]["severity"], json!("critical"));
    server.stop().expect("stops");

    let server = started("[[stores.main.alerts]]\nname = 'high_value_order'\nabove = 1500\n");
    let fired = alerted(&server);
    assert_eq!(fired["high_value_order"].len(), over(1_500.0));
    assert_eq!(fired.get("giants"), None);
    assert!(!fired["low_stock"].is_empty());
    server.stop().expect("stops");
}

#[test]
fn what_cannot_be_replayed_is_told_with_what_could_be() {
    let dir = dir();
    let program = program(&dir);
    let check = |words: &[&str], said: [&str; 2]| {
        let ran = program.run([&["backtest"], words].concat()).expect("runs");
        assert_eq!(ran.code, Some(2), "{words:?}: {}{}", ran.out, ran.err);
        for said in said {
            assert!(ran.err.contains(said), "{words:?}: {}", ran.err);
        }
    };
    check(
        &["high_value_ordr"],
        [
            "there is no rule `high_value_ordr`",
            "did you mean `high_value_order`?",
        ],
    );
    check(&[], ["there is no history in", "--file"]);
    check(
        &["low_stock", "--try", "abov=3"],
        [
            "a rule of kind low_stock has no setting `abov`",
            "known: below",
        ],
    );
    check(
        &["low_stock", "--truth", "nowhere.csv"],
        [
            "cannot read nowhere.csv",
            "the columns are rule, time, subject and until",
        ],
    );
    check(
        &["--tolerance", "soon"],
        ["--tolerance soon is no length of time", "90s, 5m or 1h"],
    );
    check(&["--try", "above=3"], ["RULE", "Usage"]);
    assert!(!program.data_dir().exists(), "a backtest makes no folder");
}
