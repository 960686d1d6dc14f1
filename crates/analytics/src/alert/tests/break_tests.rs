//! Funnel breaks: hours of a funnel in, what stands out of it.

use super::*;

const HOURS: i64 = 40;

fn breaking() -> StoreDesk {
    desk(vec![Rule::new(
        "funnel_break",
        Severity::Critical,
        Condition::FunnelBreak(FunnelBreak {
            funnel: "purchase".into(),
            z_above: 4_000,
            entered_min: 100,
            observations_min: 24,
        }),
    )])
}

/// Units of an hour at a step.
type Fed = (i64, usize, i64);

/// Hours of 500 who see, some 100 who put in, and some 50 who buy.
fn usual(hours: std::ops::Range<i64>) -> Vec<Fed> {
    let one = |hour: i64| {
        [
            (hour, 0, 500),
            (hour, 1, 100 + hour * 7 % 11),
            (hour, 2, 50 + hour * 5 % 7),
        ]
    };
    hours.flat_map(one).collect()
}

#[derive(Default)]
struct Told {
    breaks: Breaks,
    standing: Standing,
}

impl Told {
    fn feed(&mut self, fed: &[Fed]) {
        let key = BreakKey {
            store: STORE,
            rule: "funnel_break".into(),
        };
        for (hour, step, units) in fed {
            self.breaks.add(&key, (at(0, *hour, 15), *step), *units);
        }
    }

    fn settle(&mut self, hour: i64) {
        let mut out = Verdicts::default();
        self.breaks.settle(&breaking(), at(0, hour, 0), &mut out);
        self.standing.take(out);
    }

    /// `purchase:2 36h-37h 0 of 500`, in the order of time.
    fn said(&self) -> String {
        let mut found: Vec<&Finding> = self.standing.0.values().collect();
        found.sort_by_key(|finding| (finding.at, finding.subject.key.clone()));
        let said = found.iter().map(|finding| {
            let hour = |time: EventTime| (time.0 - at(0, 0, 0).0) / HOUR;
            let until = finding
                .until
                .map_or("now".to_owned(), |until| format!("{}h", hour(until)));
            let number = |figure| finding.evidence.number(figure).unwrap_or(-1);
            let (part, whole) = (number(Figure::Part), number(Figure::Whole));
            format!(
                "{} {}h-{until} {part} of {whole}",
                finding.subject.key,
                hour(finding.at)
            )
        });
        said.collect::<Vec<_>>().join(" | ")
    }
}

/// What stands when all these hours were fed and everything has settled.
fn check(fed: &[Fed], expected: &str) {
    let mut told = Told::default();
    told.feed(fed);
    told.settle(HOURS + 2);
    assert_eq!(told.said(), expected);
}

fn with(hours: &[Fed]) -> Vec<Fed> {
    let mut all = usual(0..HOURS);
    all.retain(|(hour, ..)| hours.iter().all(|(other, ..)| other != hour));
    all.extend_from_slice(hours);
    all
}

#[test]
fn an_hour_in_which_nobody_gets_on_breaks_the_funnel_at_that_step() {
    check(&usual(0..HOURS), "");
    check(&with(&[(36, 0, 500)]), "purchase:2 36h-37h 0 of 500");
    let checkout = [(36, 0, 500), (36, 1, 110)];
    check(&with(&checkout), "purchase:3 36h-37h 0 of 110");
    let two = [(35, 0, 500), (35, 1, 9), (36, 0, 500), (36, 1, 8)];
    check(&with(&two), "purchase:2 35h-37h 8 of 500");
}

#[test]
fn a_little_fewer_and_many_more_are_no_break() {
    check(&with(&[(36, 0, 500), (36, 1, 92), (36, 2, 45)]), "");
    check(&with(&[(36, 0, 500), (36, 1, 400), (36, 2, 400)]), "");
}

#[test]
fn of_few_and_without_a_history_nothing_is_said() {
    check(&with(&[(36, 0, 99)]), "");
    check(&with(&[(20, 0, 500)]), "");
}

#[test]
fn an_hour_is_judged_when_it_has_settled_and_goes_on_until_the_next_says_otherwise() {
    let mut told = Told::default();
    told.feed(&with(&[(36, 0, 500)]));
    told.settle(37);
    assert_eq!(told.said(), "", "who entered may still get on");
    told.settle(38);
    assert_eq!(told.said(), "purchase:2 36h-now 0 of 500");
    told.settle(39);
    assert_eq!(told.said(), "purchase:2 36h-37h 0 of 500");
}

#[test]
fn who_gets_on_late_takes_the_alert_back() {
    let mut told = Told::default();
    told.feed(&with(&[(36, 0, 500)]));
    told.settle(HOURS + 2);
    assert_eq!(told.said(), "purchase:2 36h-37h 0 of 500");
    told.feed(&[(36, 1, 100), (36, 2, 50)]);
    told.settle(HOURS + 2);
    assert_eq!(told.said(), "");
}

#[test]
fn the_order_of_arrival_and_restarts_do_not_matter() {
    let broken = [
        (30, 0, 500),
        (31, 0, 500),
        (31, 1, 8),
        (36, 0, 500),
        (36, 1, 110),
    ];
    let mut all = with(&broken);
    let mut straight = Told::default();
    straight.feed(&all);
    straight.settle(HOURS + 2);
    let expected = straight.said();
    assert_eq!(
        expected,
        "purchase:2 30h-32h 0 of 500 | purchase:3 36h-37h 0 of 110"
    );
    for seed in 1..=5 {
        let mut choices = Choices(seed);
        choices.shuffle(&mut all);
        let (mut told, mut watermark) = (Told::default(), 0);
        for some in all.chunks(7) {
            told.feed(some);
            watermark = (watermark + choices.below(6) as i64).min(HOURS + 2);
            told.settle(watermark);
            let states: Vec<_> = (told.breaks.kept.fresh())
                .map(|(key, state)| (key.clone(), state.clone()))
                .collect();
            told.breaks = Breaks::default();
            for (key, state) in states {
                let state = BreakState::new(state.hours, state.told);
                told.breaks.kept.bring(key, state);
            }
        }
        told.settle(HOURS + 2);
        assert_eq!(told.said(), expected, "seed {seed}");
        assert_eq!(told.standing, straight.standing, "seed {seed}");
    }
}
