//! The quarantine read again: what passes is released once, under the id it would have had, and the rest stays.

use super::*;
use crate::door::StoreDefaults;
use crate::import::tests::Quiet;
use crate::{ImportPlan, import_as};
use event::check::CheckContext;
use event::dialect::{Intake, json};
use event::schema::{ItemNumber, Number};
use event::{Currency, Event};
use eventlog::LogConfig;
use jiff::tz::TimeZone;

struct Shop {
    log: EventLog,
    _dir: tempfile::TempDir,
}

fn rules(reject_if: &str) -> Rules {
    let check = crate::checks::CheckConfig {
        name: "mine".to_owned(),
        when: None,
        reject_if: reject_if.to_owned(),
    };
    crate::checks::compile_checks(&[check]).expect("a check")
}

fn stores() -> StoreLookup {
    Arc::new(|_| StoreDefaults {
        zone: TimeZone::UTC,
        currency: Currency::USD,
    })
}

fn mapping(columns: &[(&str, &str)]) -> GivenMapping {
    let owned = |(column, field): &(&str, &str)| ((*column).to_owned(), (*field).to_owned());
    GivenMapping {
        columns: columns.iter().map(owned).collect(),
        ..GivenMapping::default()
    }
}

impl Shop {
    fn new() -> Shop {
        let dir = tempfile::tempdir().expect("a folder");
        let config = LogConfig {
            segment_bytes: 1 << 20,
            ..LogConfig::new(dir.path().join("log"))
        };
        Shop {
            log: EventLog::open(config).expect("a log"),
            _dir: dir,
        }
    }

    fn import(&self, file: &str, rules: Rules, map: &[(&str, &str)]) {
        let (writer, clock) = (self.log.writer(), Clock::machine());
        let plan = ImportPlan::new(Some(&writer), &clock);
        let mut options = FileOptions::new("f.csv", "main");
        options.rules = rules;
        options.map = mapping(map).columns;
        let read = Box::new(Cursor::new(file.to_owned()));
        import_as(read, options, &plan, &mut Quiet).expect("imports");
    }

    /// `read again/released/refused`
    fn replay(
        &self,
        selection: &Selection,
        rules: &Rules,
        mapping: Option<GivenMapping>,
    ) -> String {
        let plan = ReplayPlan {
            selection,
            mapping,
            saved: &|_| None,
            stores: &stores(),
            rules,
            enrichment: &Enrichment::default(),
            clock: &Clock::machine(),
        };
        let counts = replay(&self.log, &plan).expect("replays");
        let refused: Vec<String> = (counts.refused.iter())
            .map(|(reason, count)| format!(" {reason} {count}"))
            .collect();
        format!(
            "{}/{}{}",
            counts.examined,
            counts.released,
            refused.concat()
        )
    }

    fn replay_all(&self) -> String {
        self.replay(&Selection::default(), &Rules::default(), None)
    }

    /// `position type order-or-customer (lines)` of every event that was released, in the order of the log.
    fn released(&self) -> Vec<String> {
        let mut said = Vec::new();
        for body in self.bodies() {
            if body.notes.releases.is_empty() {
                continue;
            }
            for event in body.events.events() {
                let position = event.number(Number::SourcePosition).unwrap_or(-1);
                let name = (event.text(Text::OrderId))
                    .or_else(|| event.text(Text::RefundId))
                    .or_else(|| event.text(Text::CustomerId));
                let lines: Vec<String> = event
                    .items()
                    .filter_map(|item| item.number(ItemNumber::Line))
                    .map(|line| line.to_string())
                    .collect();
                said.push(format!(
                    "{position} {} {} ({})",
                    event.kind().name(),
                    name.unwrap_or("-"),
                    lines.join(" ")
                ));
            }
        }
        said
    }

    fn ids(&self) -> Vec<EventId> {
        let ids = |body: &FrameBody| {
            body.events
                .events()
                .map(|event| event.id())
                .collect::<Vec<_>>()
        };
        self.bodies().iter().flat_map(ids).collect()
    }

    fn bodies(&self) -> Vec<FrameBody> {
        let mut reader = self.log.reader(0);
        let mut bodies = Vec::new();
        while let Some(frame) = reader.try_next().expect("the log is read") {
            bodies.push(FrameBody::decode(frame.payload.into()).expect("a frame of ours"));
        }
        bodies
    }
}

const VIEWS: &str = "type,ts,user_id,product_id,paid\nview,2026-01-02T03:04:05Z,ann,p1,1.50\nview,soon,bob,p2,1.50\nview,2026-01-02T03:04:06Z,cid,p3,1.50\nview,2026-01-02T03:04:07Z,dan,p4,1.50\n";

#[test]
fn a_changed_check_releases_what_it_held_back_and_once_only() {
    let shop = Shop::new();
    let check = rules("customer_id in ['cid', 'dan']");
    shop.import(VIEWS, check.clone(), &[]);
    let all = Selection::default();
    assert_eq!(
        shop.replay(&all, &check, None),
        "3/0 check_failed 2 time_invalid 1"
    );
    let milder = rules("customer_id == 'dan'");
    assert_eq!(
        shop.replay(&all, &milder, None),
        "3/1 check_failed 1 time_invalid 1"
    );
    assert_eq!(shop.released(), ["3 item_view cid ()"]);
    assert_eq!(
        shop.replay(&all, &milder, None),
        "2/0 check_failed 1 time_invalid 1"
    );
    assert_eq!(shop.replay_all(), "2/1 time_invalid 1");
    assert_eq!(shop.replay_all(), "1/0 time_invalid 1");
}

#[test]
fn a_released_row_has_the_id_it_has_when_its_file_is_read_again() {
    let file = "type,when,user_id,other\nview,x,ann,2026-01-02T03:04:05Z\nview,2026-01-02T03:04:05Z,bob,2026-01-02T03:04:05Z\nview,2026-01-02T03:04:05Z,bob,2026-01-02T03:04:05Z\n";
    let shop = Shop::new();
    shop.import(file, Rules::default(), &[("when", "ts_event")]);
    let better = mapping(&[("other", "ts_event"), ("when", "title")]);
    assert_eq!(
        shop.replay(&Selection::default(), &Rules::default(), Some(better)),
        "1/1"
    );
    let mended = Shop::new();
    mended.import(
        file,
        Rules::default(),
        &[("other", "ts_event"), ("when", "title")],
    );
    let (mut ids, mut expected) = (shop.ids(), mended.ids());
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected);
}

#[test]
fn an_id_that_the_sender_gave_stays_his() {
    let file = "event_id,type,ts,user_id\n6f9619ff-8b86-d011-b42d-00cf4fc964ff,view,2026-01-02T03:04:05Z,ann\nx1,view,2026-01-02T03:04:05Z,ann\n";
    let shop = Shop::new();
    shop.import(file, rules("customer_id == 'ann'"), &[]);
    assert_eq!(shop.replay_all(), "2/2");
    let mended = Shop::new();
    mended.import(file, Rules::default(), &[]);
    assert_eq!(shop.ids(), mended.ids());
}

const ORDERS: &str = "order_id,ts_event,product_id,quantity,unit_price,customer_id,net\nA1,2026-01-02 03:04:05,p1,1,free,u1,1.00\nA1,2026-01-02 03:04:05,p2,2,3.00,u1,3.00\nA2,2026-01-02 03:04:05,p1,1,free,u2,1.00\nA2,2026-01-02 03:04:05,p2,1,free,u2,3.00\nC3,2026-01-02 03:04:05,p1,-1,2.00,u3,2.00\nC3,2026-01-02 03:04:05,p2,-1,free,u3,3.00\n";

#[test]
fn a_released_line_joins_its_order_and_never_competes_with_it() {
    let shop = Shop::new();
    shop.import(ORDERS, Rules::default(), &[]);
    let net = mapping(&[("net", "unit_price"), ("unit_price", "items.slot")]);
    assert_eq!(
        shop.replay(&Selection::default(), &Rules::default(), Some(net)),
        "4/4"
    );
    assert_eq!(
        shop.released(),
        [
            "1 order_update A1 (1)",
            "3 order A2 (3)",
            "4 order_update A2 (4)",
            "6 refund C3 (6)"
        ]
    );
}

#[test]
fn a_whole_order_that_was_held_back_comes_back_without_the_rows_that_were_refused_by_themselves() {
    let file = "order_id,ts_event,product_id,quantity,unit_price\nA0,2026-01-02 03:04:05,p1,1,1.00\nA1,2026-01-02 03:04:05,p1,1,1.00\nA1,2026-01-02 03:04:05,p2,1,free\nA1,2026-01-02 03:04:05,p3,1,3.00\n";
    let shop = Shop::new();
    shop.import(file, rules("items_value > 2"), &[]);
    assert_eq!(shop.replay_all(), "2/1 price_invalid 1");
    assert_eq!(shop.released(), ["2 order A1 (2 4)"]);
}

/// What a request over HTTP leaves, with its rejections.
fn http(shop: &Shop, body: &str, rules: &Rules) {
    struct Take<'b>(&'b mut FrameBuilder, event::frame::SourceIndex, EventTime);
    impl Intake for Take<'_> {
        fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
            event.id = event.id.or(Some(EventId(77)));
            let _ = self
                .0
                .offer(self.1, event, raw, CheckContext { received: self.2 });
        }
        fn refuse(&mut self, position: i64, rejection: Rejection, raw: &[u8]) {
            self.0.reject(self.1, position, self.2, rejection, raw);
        }
    }
    let mut builder = FrameBuilder::new().with_rules(rules);
    let info = SourceInfo {
        source: "http:key_1".to_owned(),
        name: "tracker".to_owned(),
        store: "main".to_owned(),
    };
    let source = builder.open_source(&info);
    let received = EventTime(Clock::machine().now().0);
    let decoding = event::dialect::Decoding {
        source: &info.source,
        store: "main",
        zone: &TimeZone::UTC,
        currency: &Currency::USD,
    };
    json::read_body(
        body.as_bytes(),
        &decoding,
        &mut json::Habits::default(),
        &mut Take(&mut builder, source, received),
    );
    let frame = FrameMaker::default()
        .make(&builder.finish())
        .expect("a frame");
    shop.log.writer().append_blocking(frame).expect("appended");
}

#[test]
fn events_of_a_request_are_read_again_under_their_own_ids_and_the_minted_one() {
    let shop = Shop::new();
    let body = r#"{"event_id":"a","type":"login","ts":"2026-01-02T03:04:05Z","customer_id":"ann"}
{"type":"login","ts":"2026-01-02T03:04:05Z","customer_id":"ann"}
{"type":"login","ts":"never","customer_id":"ann"}"#;
    http(&shop, body, &rules("customer_id == 'ann'"));
    assert_eq!(shop.replay_all(), "3/2 time_invalid 1");
    assert_eq!(
        shop.ids(),
        [EventId::from_text("a", "http:key_1"), EventId(77)]
    );
}

#[test]
fn what_was_cut_is_told_and_never_read() {
    let shop = Shop::new();
    let long = "x".repeat(REJECTED_BYTES_MAX);
    let body = format!(
        r#"{{"event_id":"a","type":"login","ts":"2026-01-02T03:04:05Z","referrer":"{long}"}}"#
    );
    http(&shop, &body, &rules("type == 'login'"));
    let plan = ReplayPlan {
        selection: &Selection::default(),
        mapping: None,
        saved: &|_| None,
        stores: &stores(),
        rules: &Rules::default(),
        enrichment: &Enrichment::default(),
        clock: &Clock::machine(),
    };
    let counts = replay(&shop.log, &plan).expect("replays");
    assert_eq!((counts.examined, counts.released, counts.cut), (1, 0, 1));
}

#[test]
fn only_what_is_selected_is_read_again_and_unknown_ids_are_told() {
    let shop = Shop::new();
    shop.import(VIEWS, rules("customer_id in ['cid', 'dan']"), &[]);
    let of = |reason: Option<&str>, source: Option<&str>, ids: &[&str]| Selection {
        ids: ids.iter().map(|id| id.parse().expect("an id")).collect(),
        reason: reason.map(str::to_owned),
        source: source.map(str::to_owned),
    };
    let none = Rules::default();
    assert_eq!(
        shop.replay(&of(Some("time_invalid"), None, &[]), &none, None),
        "1/0 time_invalid 1"
    );
    assert_eq!(
        shop.replay(&of(None, Some("other.csv"), &[]), &none, None),
        "0/0"
    );
    assert_eq!(
        shop.replay(&of(None, Some("f.csv"), &["0:1"]), &none, None),
        "1/1"
    );
    let plan_of = of(None, None, &["0:1", "0:9", "5:0"]);
    let plan = ReplayPlan {
        selection: &plan_of,
        mapping: None,
        saved: &|_| None,
        stores: &stores(),
        rules: &none,
        enrichment: &Enrichment::default(),
        clock: &Clock::machine(),
    };
    let counts = replay(&shop.log, &plan).expect("replays");
    assert_eq!((counts.examined, counts.released_before), (0, 1));
    assert_eq!(counts.unknown.len(), 2);
}

#[test]
fn a_rejection_is_found_with_its_bytes_and_how_its_file_is_read() {
    let shop = Shop::new();
    shop.import(VIEWS, Rules::default(), &[]);
    let id = "0:0".parse().expect("an id");
    let kept = find(&shop.log, id)
        .expect("the log is read")
        .expect("is there");
    assert_eq!(
        (kept.bytes.as_slice(), kept.position, kept.is_released),
        (&b"view,soon,bob,p2,1.50"[..], 2, false)
    );
    let settings = kept.settings.expect("the file's settings");
    assert_eq!(settings.header, b"type,ts,user_id,product_id,paid");
    for id in ["0:1", "1:0", "99:0"] {
        let id = id.parse().expect("an id");
        assert!(find(&shop.log, id).expect("the log is read").is_none());
    }
}

#[test]
fn a_mapping_that_does_not_fit_the_file_is_told_and_releases_nothing() {
    let shop = Shop::new();
    shop.import(VIEWS, Rules::default(), &[]);
    let plan = ReplayPlan {
        selection: &Selection::default(),
        mapping: Some(mapping(&[("nowhere", "ts_event")])),
        saved: &|_| None,
        stores: &stores(),
        rules: &Rules::default(),
        enrichment: &Enrichment::default(),
        clock: &Clock::machine(),
    };
    let error = replay(&shop.log, &plan).expect_err("does not fit");
    assert!(
        error.to_string().contains("no column \"nowhere\""),
        "{error}"
    );
    assert!(shop.released().is_empty());
}
