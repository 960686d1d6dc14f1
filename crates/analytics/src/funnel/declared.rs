//! What a declaration must be to be counted, and its fingerprint. How it is written in a file is not known here.

use super::{
    Declaration, FUNNELS_MAX, Filter, Happening, Mode, NAME_CHARS_MAX, STEPS_MAX, STORE_STEPS_MAX,
    Step, Unit, WINDOW_MICROS_MAX,
};
use event::time::DAY;
use event::{EventType, Money};
use xxhash_rust::xxh3::Xxh3Default;

/// What stands before a name of the shop's own.
const CUSTOM: &str = "custom:";
/// Likeness from which a name is suggested.
const ALIKE_MIN: f64 = 0.7;

/// Why funnels cannot be counted as declared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunnelError {
    /// A name is needed to find the numbers by.
    #[error("a funnel is named \"{0}\"; a name has 1 to {NAME_CHARS_MAX} letters and no colon")]
    Name(String),
    /// Numbers of two funnels would be one.
    #[error("two funnels are named \"{0}\"")]
    NameTwice(String),
    /// Too few, or too many.
    #[error("funnel \"{funnel}\" has {steps} steps; it can have 2 to {STEPS_MAX}")]
    Steps {
        /// Which.
        funnel: String,
        /// As declared.
        steps: usize,
    },
    /// Negative, or longer than marks are looked through.
    #[error("the window of funnel \"{funnel}\" must be 0 or more, and {days_max} days at most")]
    Window {
        /// Which.
        funnel: String,
        /// What is possible.
        days_max: i64,
    },
    /// No event has this type.
    #[error("there is no type \"{name}\"; {}", mend(.near.as_deref()))]
    UnknownType {
        /// As given.
        name: String,
        /// The type that looks most like it.
        near: Option<String>,
    },
    /// More than a mark has room for.
    #[error(
        "{funnels} funnels with {steps} steps; a store can have {FUNNELS_MAX} with {STORE_STEPS_MAX}"
    )]
    TooMany {
        /// As declared.
        funnels: usize,
        /// Of all of them.
        steps: usize,
    },
}

fn mend(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("a name of the shop's own is written \"{CUSTOM}NAME\""),
    }
}

impl Happening {
    /// Reads a type's name, or `custom:` with a name of the shop's own.
    pub fn parse(name: &str) -> Result<Happening, FunnelError> {
        if let Some(own) = name.strip_prefix(CUSTOM).filter(|own| !own.is_empty()) {
            return Ok(Happening::Custom(own.to_owned()));
        }
        match EventType::parse(name) {
            Some(kind) if kind != EventType::Custom => Ok(Happening::Type(kind)),
            _ => Err(FunnelError::UnknownType {
                name: name.to_owned(),
                near: nearest(name).map(str::to_owned),
            }),
        }
    }

    /// The name by which events of this type are known.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Happening::Type(kind) => kind.name(),
            Happening::Custom(name) => name,
        }
    }
}

/// Letters that were changed, or the same words in another order: `add_to_cart` is like `cart_add`.
fn nearest(name: &str) -> Option<&'static str> {
    let sorted = |name: &str| {
        let mut words: Vec<&str> = name.split(['_', '-', ' ']).collect();
        words.retain(|word| *word != "to");
        words.sort_unstable();
        words.join("_")
    };
    let name = name.to_lowercase();
    let likeness = |known: &str| {
        let as_written = strsim::jaro_winkler(&name, known);
        as_written.max(strsim::jaro_winkler(&sorted(&name), &sorted(known)))
    };
    let known = EventType::ALL
        .iter()
        .filter(|kind| **kind != EventType::Custom);
    let alike = known.map(|kind| (likeness(kind.name()), kind.name()));
    let alike = alike.filter(|(likeness, _)| *likeness >= ALIKE_MIN);
    alike
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

impl Declaration {
    /// Whether it can be counted.
    pub fn check(&self) -> Result<(), FunnelError> {
        let letters = self.name.chars().count();
        if letters == 0 || letters > NAME_CHARS_MAX || self.name.contains(':') {
            return Err(FunnelError::Name(
                self.name.chars().take(NAME_CHARS_MAX).collect(),
            ));
        }
        if !(2..=STEPS_MAX).contains(&self.steps.len()) {
            return Err(FunnelError::Steps {
                funnel: self.name.clone(),
                steps: self.steps.len(),
            });
        }
        if !(0..=WINDOW_MICROS_MAX).contains(&self.window_micros) {
            return Err(FunnelError::Window {
                funnel: self.name.clone(),
                days_max: WINDOW_MICROS_MAX / DAY,
            });
        }
        // An event of the shop's own names has never the type `custom`.
        let parsed = self.steps.iter().map(|step| match &step.what {
            Happening::Type(kind) => Happening::parse(kind.name()).map(drop),
            Happening::Custom(name) => Happening::parse(&format!("{CUSTOM}{name}")).map(drop),
        });
        parsed.collect()
    }

    /// The name of a step, counted from 0, in tables of results: `checkout:1` is where `checkout` is entered.
    #[must_use]
    pub fn step_name(&self, step: usize) -> String {
        format!("{}:{}", self.name, step + 1)
    }
}

/// Whether all of them can be counted together.
pub(super) fn check_all(declared: &[Declaration]) -> Result<(), FunnelError> {
    let steps: usize = declared.iter().map(|funnel| funnel.steps.len()).sum();
    if declared.len() > FUNNELS_MAX || steps > STORE_STEPS_MAX {
        let funnels = declared.len();
        return Err(FunnelError::TooMany { funnels, steps });
    }
    for (at, funnel) in declared.iter().enumerate() {
        funnel.check()?;
        if declared[..at].iter().any(|known| known.name == funnel.name) {
            return Err(FunnelError::NameTwice(funnel.name.clone()));
        }
    }
    Ok(())
}

/// Of everything that decides what marks say; marks that were made under another one mean nothing.
pub(super) fn fingerprint(declared: &[Declaration]) -> u64 {
    let mut hash = Fingerprint(Xxh3Default::new());
    for funnel in declared {
        hash.text(&funnel.name);
        hash.number(funnel.steps.len() as i64);
        hash.number(funnel.window_micros);
        hash.number(match funnel.mode {
            Mode::Ordered => 0,
            Mode::Strict => 1,
            Mode::AnyOrder => 2,
        });
        hash.number(match funnel.unit {
            Unit::Visitor => 0,
            Unit::Session => 1,
        });
        funnel.steps.iter().for_each(|step| hash.step(step));
    }
    hash.0.digest()
}

struct Fingerprint(Xxh3Default);

impl Fingerprint {
    fn step(&mut self, step: &Step) {
        let is_own = matches!(step.what, Happening::Custom(_));
        self.number(i64::from(is_own));
        self.text(step.what.name());
        let Filter {
            country,
            device,
            category,
            product,
            step_name,
            value_min,
        } = &step.only;
        for text in [country, device, category, product, step_name] {
            self.number(i64::from(text.is_some()));
            self.text(text.as_deref().unwrap_or_default());
        }
        self.number(i64::from(value_min.is_some()));
        self.number(value_min.unwrap_or(Money(0)).0);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }
}
