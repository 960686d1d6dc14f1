//! Claims about hours of receipt and stretches of lag, by the usual rules.

use super::*;
use analytics::alert::{Lag, usual_rules};
use analytics::window::Calendar;
use event::time::MINUTE;
use jiff::tz::TimeZone;

fn desk() -> StoreDesk {
    StoreDesk {
        name: "main".into(),
        store: NameId(1),
        currency: NameId(2),
        calendar: Calendar::new(TimeZone::UTC),
        rules: usual_rules().into(),
    }
}

fn at(hour: i64) -> EventTime {
    EventTime(400_000 * HOUR + hour * HOUR)
}

fn moved(received: i64, bad: &[(Reason, i64)]) -> Receipt {
    Receipt {
        received,
        set_aside: bad.iter().map(|(_, events)| events).sum(),
        reasons: bad.iter().copied().collect(),
    }
}

/// `2h-3h 5 of 100 price_negative 3`, of everything that is found now.
fn said(hours: &Hours) -> String {
    let desk = desk();
    let rule = desk.rule("quarantine_share").expect("it is usual");
    let subject = Subject::of(desk.store, SubjectKind::Store, &desk.name);
    let (_, found) = hours.judge((&desk, rule), &subject);
    let hour = |time: EventTime| (time.0 - at(0).0) / HOUR;
    let said = found.iter().map(|finding| {
        let number = |figure| finding.evidence.number(figure).unwrap_or(-1);
        let until = finding.until.map_or(-1, hour);
        let reason = finding.with.as_ref().map_or("", |with| &with.key);
        let (part, whole) = (number(Figure::Part), number(Figure::Whole));
        let most = number(Figure::TopReason);
        format!(
            "{}h-{until}h {part} of {whole} {reason} {most}",
            hour(finding.at)
        )
    });
    said.collect::<Vec<_>>().join(" | ")
}

fn add(hours: &mut Hours, hour: i64, receipt: &Receipt) {
    hours.add(at(hour), receipt);
    let desk = desk();
    let subject = Subject::of(desk.store, SubjectKind::Store, &desk.name);
    hours.let_go(&desk, &subject);
}

#[test]
fn more_than_one_in_a_hundred_is_told_with_its_most_frequent_reason() {
    let mut hours = Hours::default();
    add(&mut hours, 0, &moved(1_000, &[(Reason::PriceNegative, 10)]));
    assert_eq!(said(&hours), "");
    let bad = [(Reason::PriceNegative, 3), (Reason::TimeMissing, 5)];
    add(&mut hours, 2, &moved(100, &bad));
    assert_eq!(said(&hours), "2h-3h 8 of 100 time_missing 5");
    // Of equal ones the first by name, wherever they came first.
    add(&mut hours, 2, &moved(2, &[(Reason::PriceNegative, 2)]));
    assert_eq!(said(&hours), "2h-3h 10 of 102 price_negative 5");
}

#[test]
fn few_events_are_not_judged() {
    let mut hours = Hours::default();
    add(&mut hours, 0, &moved(99, &[(Reason::TimeMissing, 99)]));
    assert_eq!(said(&hours), "");
    add(&mut hours, 0, &moved(1, &[]));
    assert_eq!(said(&hours), "0h-1h 99 of 100 time_missing 99");
}

#[test]
fn what_is_released_was_not_set_aside() {
    let mut hours = Hours::default();
    add(&mut hours, 0, &moved(100, &[(Reason::TimeMissing, 8)]));
    assert_eq!(said(&hours), "0h-1h 8 of 100 time_missing 8");
    add(&mut hours, 0, &moved(0, &[(Reason::TimeMissing, -8)]));
    assert_eq!(said(&hours), "");
}

#[test]
fn what_goes_on_for_days_is_one_alert_however_many_hours_are_kept() {
    let mut hours = Hours::default();
    for hour in 3..200 {
        let bad = if hour == 40 { 9 } else { 5 };
        add(&mut hours, hour, &moved(100, &[(Reason::TimeMissing, bad)]));
        assert!(hours.kept.len() <= HOURS_KEPT as usize);
    }
    assert_eq!(said(&hours), "3h-200h 9 of 100 time_missing 9");
    let mut bytes = Vec::new();
    let pipeline = Pipeline {
        hours: BTreeMap::from([(NameId(1), hours)]),
        ..Pipeline::default()
    };
    pipeline.write(&mut Encoder(&mut bytes));
    let mut read = Pipeline::read(&mut Decoder::new(&bytes)).expect("just written");
    let mut hours = read.hours.remove(&NameId(1)).expect("it was there");
    assert_eq!(said(&hours), "3h-200h 9 of 100 time_missing 9");
    for hour in 200..260 {
        add(&mut hours, hour, &moved(100, &[]));
    }
    assert_eq!(said(&hours), "", "its alert stays as it was told");
}

#[test]
fn an_hour_that_is_long_gone_changes_nothing() {
    let mut hours = Hours::default();
    add(&mut hours, 100, &moved(100, &[]));
    add(&mut hours, 52, &moved(100, &[(Reason::TimeMissing, 50)]));
    assert_eq!(said(&hours), "");
    add(&mut hours, 53, &moved(100, &[(Reason::TimeMissing, 50)]));
    assert_eq!(said(&hours), "53h-54h 50 of 100 time_missing 50");
}

#[test]
fn minutes_of_lag_that_hang_together_are_one_stretch_and_never_too_many() {
    let lag = Lag {
        above_micros: 5 * MINUTE,
    };
    let sight = |minute: i64, minutes: i64| LagSight {
        from: EventTime(minute * MINUTE),
        until: Some(EventTime((minute + 1) * MINUTE)),
        lag_micros: minutes * MINUTE,
    };
    let level = |sight: &LagSight| lag.level(sight.lag_micros);
    let mut sights = Vec::new();
    for (minute, minutes) in [(0, 6), (1, 8), (2, 1), (5, 7)] {
        add_lag(&mut sights, sight(minute, minutes), level);
    }
    let all: Vec<i64> = sights
        .iter()
        .map(|sight| sight.lag_micros / MINUTE)
        .collect();
    assert_eq!(all, [8, 7]);
    // Now near, now beyond: it hangs together and began at once.
    let mut sights = Vec::new();
    for minute in 0..1_000 {
        add_lag(
            &mut sights,
            sight(minute, if minute % 2 == 0 { 6 } else { 4 }),
            level,
        );
    }
    assert!(sights.len() <= LAGS_MAX);
    assert_eq!(sights[0].from, EventTime(0));
}

#[test]
fn minutes_of_lag_become_an_alert_of_their_store() {
    let currency = crate::Store::default().currency;
    let names: Vec<Arc<str>> = ["", "main", currency.as_str()].map(Arc::from).into();
    let known = Known {
        names: &names,
        products: &[],
    };
    let mut watch = Watch::new(crate::Stores::default());
    let mut told = |minute: i64, minutes: i64| {
        let sight = LagSight {
            from: EventTime(minute * MINUTE),
            until: Some(EventTime((minute + 1) * MINUTE)),
            lag_micros: minutes * MINUTE,
        };
        let harvest = crate::line::Harvest {
            lags: vec![(NameId(1), sight)],
            ..crate::line::Harvest::default()
        };
        let changed = watch.observe(&harvest, (known, 0)).expect("nothing rests");
        let said = changed.alerts.iter().map(|alert| {
            let finding = &alert.finding;
            let minute = |time: EventTime| time.0 / MINUTE;
            let until = finding.until.map_or(-1, minute);
            let lag = finding.evidence.number(Figure::LagMicros).unwrap_or(-1) / MINUTE;
            let (rule, subject) = (&finding.rule, &finding.subject.key);
            format!("{rule} {subject} {}-{until} {lag}", minute(finding.at))
        });
        said.collect::<Vec<_>>().join(" | ")
    };
    assert_eq!(told(10, 5), "", "five minutes are not more than five");
    assert_eq!(told(11, 6), "lag main 11-12 6");
    assert_eq!(told(12, 9), "lag main 11-13 9");
    assert_eq!(told(13, 1), "");
    assert_eq!(told(90, 7), "lag main 90-91 7", "the hour before is over");
}
