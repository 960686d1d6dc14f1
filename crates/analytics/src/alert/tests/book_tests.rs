//! Claims about the life of an alert: fired, acknowledged, resolved, retracted and fired again; and about floods.

use super::*;

fn act(kind: ActKind, by: &str, minutes: i64) -> Act {
    Act {
        at: at(0, 12, minutes),
        by: by.into(),
        kind,
    }
}

fn handled(finding: &Finding, act: Act) -> Handled {
    Handled {
        key: AlertBook::drawer_of(finding),
        id: finding.id,
        act,
    }
}

fn settled(book: &mut AlertBook) -> Changed {
    let mut changed = Changed::default();
    book.settle(&mut changed);
    changed
}

fn states(book: &mut AlertBook, as_of: EventTime) -> Vec<&'static str> {
    let changed = settled(book);
    changed
        .alerts
        .iter()
        .map(|alert| alert.state(as_of).name())
        .collect()
}

#[test]
fn an_alert_fires_is_acknowledged_and_resolved_by_hand() {
    let desk = usual_desk();
    let finding = finding_at(&desk, "o1", at(0, 10, 0));
    let (mut book, now) = (AlertBook::default(), at(0, 13, 0));
    book.observe(first_told(&finding));
    assert_eq!(states(&mut book, now), ["firing"]);
    assert!(book.handle(handled(&finding, act(ActKind::Acknowledge, "ann", 0))));
    assert_eq!(states(&mut book, now), ["acknowledged"]);
    assert!(book.handle(handled(&finding, act(ActKind::Resolve, "bob", 5))));
    assert_eq!(states(&mut book, now), ["resolved"]);
    // Told again, nothing changes and nothing is published.
    book.observe(first_told(&finding));
    assert_eq!(states(&mut book, now), [""; 0]);
}

#[test]
fn acts_may_come_in_any_order_and_twice_and_the_first_of_each_counts() {
    let acts = [
        act(ActKind::Acknowledge, "ann", 3),
        act(ActKind::Acknowledge, "bob", 1),
        act(ActKind::Resolve, "ann", 9),
        act(ActKind::Acknowledge, "bob", 1),
    ];
    let handled = |order: [usize; 4]| {
        let mut handling = Handling::default();
        order.iter().for_each(|at| {
            handling.observe(acts[*at].clone());
        });
        handling
    };
    let first = handled([0, 1, 2, 3]);
    assert_eq!(first, handled([3, 2, 1, 0]));
    assert_eq!(first.acknowledged.as_ref().map(|act| &*act.by), Some("bob"));
    assert_eq!(first.resolved, Some(acts[2].clone()));
}

#[test]
fn an_alert_is_resolved_when_its_condition_is_gone_or_it_is_forgotten() {
    let desk = usual_desk();
    let mut finding = finding_at(&desk, "o1", at(0, 10, 0));
    let handling = Handling::default();
    // Orders are forgotten after a day, to the microsecond.
    assert_eq!(handling.state(&finding, at(1, 9, 59)), AlertState::Firing);
    assert_eq!(handling.state(&finding, at(1, 10, 0)), AlertState::Resolved);
    finding.forgotten_at = None;
    assert_eq!(handling.state(&finding, at(9, 0, 0)), AlertState::Firing);
    finding.until = Some(at(0, 11, 0));
    assert_eq!(handling.state(&finding, at(0, 10, 30)), AlertState::Firing);
    assert_eq!(handling.state(&finding, at(0, 11, 0)), AlertState::Resolved);
}

#[test]
fn history_that_changes_retracts_an_alert_and_brings_it_again_under_its_id() {
    let desk = usual_desk();
    let finding = finding_at(&desk, "o1", at(0, 10, 0));
    let (mut book, now) = (AlertBook::default(), at(0, 13, 0));
    book.observe(first_told(&finding));
    settled(&mut book);
    book.observe(told(Some(&finding), None));
    let changed = settled(&mut book);
    assert_eq!(changed.alerts[0].id(), finding.id);
    assert_eq!(changed.alerts[0].state(now), AlertState::Retracted);
    book.observe(first_told(&finding));
    let changed = settled(&mut book);
    assert_eq!(changed.alerts[0].id(), finding.id);
    assert_eq!(changed.alerts[0].state(now), AlertState::Firing);
}

#[test]
fn what_people_did_outlives_a_retraction() {
    let desk = usual_desk();
    let finding = finding_at(&desk, "o1", at(0, 10, 0));
    let (mut book, now) = (AlertBook::default(), at(0, 13, 0));
    book.observe(first_told(&finding));
    assert!(book.handle(handled(&finding, act(ActKind::Acknowledge, "ann", 0))));
    book.observe(told(Some(&finding), None));
    assert_eq!(states(&mut book, now), ["retracted"]);
    book.observe(first_told(&finding));
    assert_eq!(states(&mut book, now), ["acknowledged"]);
}

#[test]
fn an_alert_whose_time_moves_to_another_hour_keeps_its_id_and_what_people_did() {
    let desk = usual_desk();
    let early = finding_at(&desk, "o1", at(0, 9, 0));
    let late = finding_at(&desk, "o1", at(0, 10, 0));
    let (mut book, now) = (AlertBook::default(), at(0, 13, 0));
    book.observe(first_told(&late));
    assert!(book.handle(handled(&late, act(ActKind::Acknowledge, "ann", 0))));
    book.observe(told(Some(&late), Some(&early)));
    let changed = settled(&mut book);
    assert_eq!(changed.alerts.len(), 1);
    assert_eq!(changed.alerts[0].finding, early);
    assert_eq!(changed.alerts[0].state(now), AlertState::Acknowledged);
    assert!(!book.handle(handled(&late, act(ActKind::Resolve, "ann", 1))));
    assert!(book.handle(handled(&early, act(ActKind::Resolve, "ann", 1))));
}

#[test]
fn what_people_did_about_an_alert_that_is_not_there_waits_for_it_within_a_bound() {
    let desk = usual_desk();
    let finding = finding_at(&desk, "o1", at(0, 10, 0));
    let (mut book, now) = (AlertBook::default(), at(0, 13, 0));
    assert!(!book.handle(handled(&finding, act(ActKind::Acknowledge, "ann", 0))));
    assert!(settled(&mut book).alerts.is_empty());
    for other in 0..1_000_u32 {
        let other = finding_at(&desk, &format!("x{other}"), at(0, 10, 0));
        assert!(!book.handle(handled(&other, act(ActKind::Resolve, "ann", 0))));
    }
    let drawer = book.kept.find(&AlertBook::drawer_of(&finding));
    assert_eq!(
        drawer.map(|drawer| drawer.waiting.len()),
        Some(DRAWER_ALERTS_MAX)
    );
    book.observe(first_told(&finding));
    assert_eq!(states(&mut book, now), ["acknowledged"]);
}

/// Findings of one hour, spread over it.
fn flood(desk: &StoreDesk, count: usize) -> Vec<Finding> {
    let order = |number: usize| {
        let time = EventTime(at(0, 10, 0).0 + (number as i64 * 7_919) % HOUR);
        finding_at(desk, &format!("o{number}"), time)
    };
    (0..count).map(order).collect()
}

#[test]
fn of_a_million_alerts_in_a_minute_a_drawer_is_told_and_the_rest_is_counted() {
    let desk = usual_desk();
    let mut book = AlertBook::default();
    let template = finding_at(&desk, "o", at(0, 10, 0));
    for number in 0..1_000_000_u128 {
        let time = EventTime(template.at.0 + i64::try_from(number).expect("a million") * 60);
        let id = AlertId(number);
        book.observe(first_told(&Finding {
            id,
            at: time,
            ..template.clone()
        }));
    }
    let changed = settled(&mut book);
    assert_eq!(changed.alerts.len(), DRAWER_ALERTS_MAX);
    assert_eq!(changed.more.len(), 1);
    assert_eq!(changed.more[0].count, 1_000_000 - DRAWER_ALERTS_MAX as u64);
    let kept: usize = book
        .kept
        .fresh()
        .map(|(_, drawer)| drawer.entries.len())
        .sum();
    assert_eq!(kept, DRAWER_ALERTS_MAX);
}

#[test]
fn in_a_flood_the_earliest_stay_in_whatever_order_they_come() {
    let desk = usual_desk();
    let mut findings = flood(&desk, 300);
    let mut expected = findings.clone();
    expected.sort_by_key(|finding| (finding.at, finding.id));
    expected.truncate(DRAWER_ALERTS_MAX);
    for seed in 0..5 {
        Choices(seed).shuffle(&mut findings);
        let mut book = AlertBook::default();
        for finding in &findings {
            book.observe(first_told(finding));
        }
        let drawer = book
            .kept
            .find(&AlertBook::drawer_of(&findings[0]))
            .expect("a drawer");
        let kept: Vec<&Finding> = drawer.entries.iter().map(|entry| &entry.finding).collect();
        assert_eq!(kept, expected.iter().collect::<Vec<_>>());
        assert_eq!(drawer.more(), 300 - DRAWER_ALERTS_MAX as u64);
        // Those that were told for a while and are no more leave with a row.
        let alerts = settled(&mut book).alerts;
        let told = alerts.iter().filter(|alert| alert.gone.is_none());
        assert_eq!(told.count(), DRAWER_ALERTS_MAX);
        let gone = alerts.iter().filter_map(|alert| alert.gone);
        assert!(gone.clone().all(|state| state == AlertState::Counted));
    }
}

#[test]
fn what_is_only_counted_can_be_taken_back_too() {
    let desk = usual_desk();
    let findings = flood(&desk, 100);
    let mut book = AlertBook::default();
    findings
        .iter()
        .for_each(|finding| book.observe(first_told(finding)));
    findings
        .iter()
        .for_each(|finding| book.observe(told(Some(finding), None)));
    let changed = settled(&mut book);
    assert!(changed.alerts.iter().all(|alert| alert.gone.is_some()));
    assert_eq!(changed.more[0].count, 0);
    let drawer = book
        .kept
        .find(&AlertBook::drawer_of(&findings[0]))
        .expect("a drawer");
    assert_eq!((drawer.entries.len(), drawer.beyond), (0, 0));
}

#[test]
fn what_evaluators_only_count_is_replaced_and_not_added() {
    let mut book = AlertBook::default();
    let mut count = |count| {
        let untold = Untold {
            rule: "order_unlike_category".into(),
            subject: subject(SubjectKind::Category, "tea"),
            at: at(0, 0, 0),
            count,
        };
        book.observe(Verdicts {
            told: Vec::new(),
            untold: vec![untold],
        });
        settled(&mut book)
            .more
            .iter()
            .map(|more| more.count)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        [count(7), count(7), count(9), count(0)],
        [vec![7], vec![], vec![9], vec![0]]
    );
}

#[test]
fn a_drawer_at_rest_goes_on_where_it_was() {
    let desk = usual_desk();
    let finding = finding_at(&desk, "o1", at(0, 10, 0));
    let (mut book, now) = (AlertBook::default(), at(0, 13, 0));
    book.observe(first_told(&finding));
    assert_eq!(states(&mut book, now), ["firing"]);
    let fresh: Vec<_> = book
        .kept
        .fresh()
        .map(|(key, drawer)| (key.clone(), drawer.clone()))
        .collect();
    book.kept.rest();
    assert!(book.kept.is_empty());
    book.kept.bring(fresh[0].0.clone(), fresh[0].1.clone());
    assert!(book.handle(handled(&finding, act(ActKind::Acknowledge, "ann", 0))));
    assert_eq!(states(&mut book, now), ["acknowledged"]);
}

fn fired(rule: &str, subject: &str, minutes: i64) -> Fired {
    let time = at(0, 0, minutes);
    Fired {
        rule: rule.into(),
        subject: subject.into(),
        at: time,
        until: Some(time),
    }
}

fn truth(rule: &str, subject: Option<&str>, from: i64, until: i64) -> Truth {
    Truth {
        rule: rule.into(),
        subject: subject.map(Into::into),
        from: at(0, 0, from),
        until: at(0, 0, until),
    }
}

#[test]
fn a_backtest_gives_precision_recall_and_what_was_missed() {
    let mut backtest = Backtest::new(2 * MINUTE);
    // Right; right, within the tolerance; of another order; much too late.
    for (subject, minute) in [("a", 10), ("b", 22), ("c", 30), ("d", 60)] {
        backtest.fire(fired("high", subject, minute));
    }
    for (subject, minute) in [("a", 10), ("b", 20), ("d", 40)] {
        backtest.know(truth("high", Some(subject), minute, minute));
    }
    backtest.know(truth("storm", None, 100, 110));
    backtest.fire(fired("storm", "v1", 105));
    backtest.fire(fired("storm", "v2", 111));
    backtest.know(truth("never", Some("x"), 0, 2 * 24 * 60));
    let scores = backtest.scores();
    let high = &scores["high"];
    assert_eq!(
        (high.fired, high.right, high.truths, high.found),
        (4, 2, 3, 2)
    );
    assert_eq!(
        (high.precision(), high.recall()),
        (Some(0.5), Some(2.0 / 3.0))
    );
    assert_eq!(high.alerts_a_day(), 2.0);
    assert_eq!(high.missed, [truth("high", Some("d"), 40, 40)]);
    assert_eq!(high.wrong, [fired("high", "c", 30), fired("high", "d", 60)]);
    let storm = &scores["storm"];
    assert_eq!((storm.precision(), storm.recall()), (Some(1.0), Some(1.0)));
    assert_eq!(
        (scores["never"].precision(), scores["never"].recall()),
        (None, Some(0.0))
    );
}

#[test]
fn an_order_is_true_at_its_time_only() {
    let desk = usual_desk();
    let mut backtest = Backtest::new(0);
    backtest.fire(Fired::from(&finding_at(&desk, "a", at(0, 0, 10))));
    backtest.know(truth("high_value_order", Some("a"), 20, 20));
    let scores = backtest.scores();
    assert_eq!(scores["high_value_order"].right, 0);
}

#[test]
fn what_began_in_the_stretch_is_counted_and_may_be_matched_with_what_lies_outside() {
    let mut backtest = Backtest::new(2 * MINUTE);
    for (subject, minute) in [("a", 59), ("b", 60), ("c", 120), ("d", 181), ("e", 90)] {
        backtest.fire(fired("high", subject, minute));
    }
    for (subject, minute) in [("a", 60), ("b", 59), ("d", 179), ("f", 200), ("g", 100)] {
        backtest.know(truth("high", Some(subject), minute, minute));
    }
    let days = |days: i64| at(0, 0, days * 24 * 60);
    backtest.count(Some((days(-3), days(3))), at(0, 0, 60)..at(0, 0, 180));
    let scores = backtest.scores();
    let high = &scores["high"];
    // Of b, c and e; of a, d and g.
    assert_eq!((high.fired, high.right), (3, 1));
    assert_eq!((high.truths, high.found), (3, 2));
    assert_eq!(high.missed, [truth("high", Some("g"), 100, 100)]);
}

#[test]
fn alerts_a_day_are_of_the_days_of_the_history_and_not_of_those_with_alerts() {
    let mut backtest = Backtest::new(0);
    backtest.fire(fired("high", "a", 0));
    backtest.fire(fired("high", "b", 1));
    let days = |days: i64| at(0, 0, days * 24 * 60);
    let always = EventTime(i64::MIN)..EventTime(i64::MAX);
    backtest.count(Some((days(-3), days(5))), always);
    assert_eq!(backtest.scores()["high"].alerts_a_day(), 0.25);
}
