//! What is wished for: the plan with the words of the command line over it, as values a delivery is opened with.

use super::{Bursts, cannot_read, truth_kept};
use crate::cli::{Simulate, Target};
use crate::exit::Problem;
use anyhow::Context;
use runtime::UnixMicros;
use simulator::{DeliveryError, Format, Limits, Plan, Rate, Settings, Terms, Time};
use std::time::Duration;

/// Events written to a file where no limit is given.
const FILE_LINES: u64 = 100_000;

/// Everything a delivery needs.
pub struct Wish {
    pub target: Target,
    pub settings: Settings,
    pub terms: Terms,
    pub bursts: Option<Bursts>,
    pub start: Time,
}

impl Wish {
    /// Puts the command line over the plan.
    pub fn of(options: &Simulate, now: UnixMicros) -> anyhow::Result<Wish> {
        let plan = plan_of(options)?;
        let target = target_of(options)?;
        let bursts = options.burst.as_deref().map(Bursts::parse).transpose()?;
        let rate = rate_of(options, bursts, &plan)?;
        let format = plan.format().map_err(in_plan)?;
        is_taken(target, format)?;
        let limits = Wished {
            limits: plan.limits(Time(0)).map_err(in_plan)?,
            bursts,
            target,
        }
        .limits(options)?;
        let start = match start_of(options, &plan)? {
            Some(start) => start,
            None if target == Target::Http => Time(now.0),
            // A file ends now: events of the future would be refused.
            None => Time(now.minus(span(&limits, bursts, rate)).0),
        };
        let mut settings = plan.settings(options.seed, start).map_err(in_plan)?;
        settings.rate = rate;
        Ok(Wish {
            target,
            settings,
            terms: Terms {
                format,
                mishaps: plan.mishaps(),
                limits: Limits {
                    until: start.plus(limits.until.0),
                    ..limits
                },
                truth: truth_kept(options.truth.as_deref()),
            },
            bursts,
            start,
        })
    }
}

/// A setting that no delivery can be made of.
pub fn refused(error: DeliveryError) -> Problem {
    Problem::usage(
        error.to_string(),
        "see `shopstream simulate --help` and `shopstream simulate --print-profile`",
    )
}

fn in_plan(error: simulator::PlanError) -> Problem {
    Problem::usage(
        format!("plan: {error}"),
        "`shopstream simulate --print-profile` explains every key",
    )
}

/// The profile, the file's changes to it, and the shares and the dialect of the command line.
fn plan_of(options: &Simulate) -> anyhow::Result<Plan> {
    let changes = options.plan.as_ref().map(|path| {
        std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
    });
    let changes = changes.transpose()?;
    let mut plan = Plan::read(&options.profile, changes.as_deref()).map_err(in_plan)?;
    match options.dialect.as_deref() {
        Some("generator") => plan.run.dialect = Format::Seed.name().to_owned(),
        Some(dialect) => plan.run.dialect = dialect.to_owned(),
        None => {}
    }
    let shares = [
        ("--late", &options.late, &mut plan.mishaps.late),
        ("--repeats", &options.repeats, &mut plan.mishaps.repeats),
        ("--broken", &options.broken, &mut plan.mishaps.broken),
    ];
    for (name, text, share) in shares {
        if let Some(text) = text {
            *share = parse_share(name, text)?;
        }
    }
    Ok(plan)
}

fn target_of(options: &Simulate) -> Result<Target, Problem> {
    let names_files = options.out.is_some() || options.out_dir.is_some();
    match (options.to, names_files) {
        (Target::Http, true) => Ok(Target::File),
        (Target::File, false) => Err(Problem::usage(
            "--to file needs a file",
            "name it with --out FILE, or a folder with --out-dir DIR",
        )),
        (target, _) => Ok(target),
    }
}

/// The door takes JSON; tables and logs come in as files.
fn is_taken(target: Target, format: Format) -> Result<(), Problem> {
    if target != Target::Http || format.extension() == "ndjson" {
        return Ok(());
    }
    Err(Problem::usage(
        format!("{} is no form of request", format.name()),
        "write it with --out FILE and load it with `shopstream ingest FILE`",
    ))
}

fn rate_of(options: &Simulate, bursts: Option<Bursts>, plan: &Plan) -> Result<Rate, Problem> {
    let wished = bursts.map(|bursts| bursts.rate).or(options.rate);
    match wished {
        Some(rate) if rate > 0.0 => Ok(Rate::per_second(rate)),
        Some(rate) => Err(cannot_read(
            "--rate",
            &rate.to_string(),
            "name events a second, above 0",
        )),
        None => Ok(Rate::per_second(plan.events_per_second().map_err(in_plan)?)),
    }
}

/// The limits of the plan, with those of the command line over them. Their time counts from the start.
struct Wished {
    limits: Limits,
    bursts: Option<Bursts>,
    target: Target,
}

impl Wished {
    fn limits(self, options: &Simulate) -> Result<Limits, Problem> {
        let mut limits = self.limits;
        if let Some(lines) = options.count {
            limits = Limits {
                lines,
                ..Limits::default()
            };
        }
        if let Some(text) = &options.duration {
            let time = parse_duration(text)?;
            limits.until = Time(i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
            // Whoever names a time means it, not the plan's number of lines.
            if options.count.is_none() {
                (limits.lines, limits.orders) = (u64::MAX, u64::MAX);
            }
        }
        if limits == Limits::default()
            && self.bursts.is_none()
            && matches!(self.target, Target::File | Target::Null)
        {
            limits.lines = FILE_LINES;
        }
        Ok(limits)
    }
}

/// How long the run will take in the shop's time; nothing where that is not known.
fn span(limits: &Limits, bursts: Option<Bursts>, rate: Rate) -> Duration {
    if limits.until < Time(i64::MAX) {
        return Duration::from_micros(limits.until.0.unsigned_abs());
    }
    let lines = if limits.lines == u64::MAX {
        FILE_LINES
    } else {
        limits.lines
    };
    match bursts {
        Some(bursts) => bursts.lasts(),
        None => {
            Duration::try_from_secs_f64(lines as f64 / rate.events_per_second()).unwrap_or_default()
        }
    }
}

fn start_of(options: &Simulate, plan: &Plan) -> Result<Option<Time>, Problem> {
    let text = options.start.as_deref().unwrap_or(&plan.run.start);
    if text.is_empty() {
        return Ok(None);
    }
    let whole = if text.len() == "2025-03-03".len() {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    let time: jiff::Timestamp = whole.parse().map_err(|_| {
        cannot_read(
            "--start",
            text,
            "write it as 2025-03-03 or 2025-03-03T12:00:00Z",
        )
    })?;
    Ok(Some(Time(time.as_microsecond())))
}

/// `1%` or `0.01`.
fn parse_share(option: &str, text: &str) -> Result<f64, Problem> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    let share = number
        .trim()
        .parse::<f64>()
        .ok()
        .map(|number| number / unit);
    share
        .filter(|share| (0.0..=0.5).contains(share))
        .ok_or_else(|| cannot_read(option, text, "write it as 1% or 0.01, at most 50%"))
}

/// `90s`, `10m`, `8h`, `31d`.
fn parse_duration(text: &str) -> Result<Duration, Problem> {
    let wrong = || cannot_read("--duration", text, "write it as 90s, 10m, 8h or 31d");
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    // A century is enough, and every time of it can be written.
    if time.is_zero() || time.as_secs() > 100 * 366 * 86_400 {
        return Err(wrong());
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_times_are_read_as_people_write_them() {
        assert_eq!(parse_share("--late", "1%").ok(), Some(0.01));
        assert_eq!(parse_share("--late", "0.25").ok(), Some(0.25));
        for text in ["", "%", "60%", "-1%", "NaN"] {
            assert!(parse_share("--late", text).is_err(), "{text}");
        }
        let seconds = |text: &str| parse_duration(text).ok().map(|time| time.as_secs());
        let read = ["90s", "10m", "8h", "31d"].map(seconds);
        assert_eq!(read, [Some(90), Some(600), Some(28_800), Some(2_678_400)]);
        for text in ["", "s", "10", "10y", "-1s", "0s", "1e300d", "é"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
