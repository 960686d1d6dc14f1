//! What a sender's habits tell: after which key comes which, and how it is written.
//! Programs write all their events alike, so the next key is compared with the last one that stood there instead of being looked up.

use super::keys::EVENT_KEYS_MAX;
use super::members::Members;
use super::scan::Stop;
use crate::dialect::lookup::Lookup;
use crate::event::Str;

/// The keys of one kind of object, each with the one that followed it last.
#[derive(Debug, Clone)]
pub(super) struct Habit {
    after: Vec<Option<Follower>>,
}

/// Stands for the key before where there is none yet.
pub(super) const BEGINNING: usize = EVENT_KEYS_MAX;
/// Stands for a key before that no table knows.
const UNKNOWN: usize = EVENT_KEYS_MAX + 1;

/// A key that followed another.
#[derive(Debug, Clone)]
struct Follower {
    /// Everything between the value before and its own value: comma, quotes, colon, white space.
    lead: Box<str>,
    /// Its index in its table of names.
    index: usize,
}

/// The longest text between two values that is remembered: a name and little white space.
const LEAD_BYTES_MAX: usize = 64;

impl Default for Habit {
    fn default() -> Habit {
        Habit {
            after: vec![None; UNKNOWN + 1],
        }
    }
}

/// The key of a value that comes next.
pub(super) enum Key<'a> {
    /// By its index in the table of names.
    Known(usize),
    Unknown(Str<'a>),
}

impl Habit {
    /// The next key of an object: compared with the one expected after `before`, which it becomes, else looked up and remembered.
    #[inline]
    pub(super) fn next_key<'a, V>(
        &mut self,
        members: &mut Members<'a>,
        names: &'static Lookup<V>,
        before: &mut usize,
    ) -> Result<Option<Key<'a>>, Stop> {
        if let Some(follower) = &self.after[*before]
            && members.pass(&follower.lead)
        {
            *before = follower.index;
            return Ok(Some(Key::Known(follower.index)));
        }
        let Some((key, lead)) = members.key()? else {
            return Ok(None);
        };
        let Some((index, _)) = names.find(key.as_bytes()) else {
            *before = UNKNOWN;
            return Ok(Some(Key::Unknown(key)));
        };
        if lead.len() <= LEAD_BYTES_MAX {
            let lead = lead.into();
            self.after[*before] = Some(Follower { lead, index });
        }
        *before = index;
        Ok(Some(Key::Known(index)))
    }
}

/// The habits of one sender, by kind of object.
#[derive(Debug, Clone, Default)]
pub struct Habits {
    pub(super) event: Habit,
    pub(super) place: Habit,
    pub(super) error: Habit,
    pub(super) item: Habit,
}

#[cfg(test)]
mod tests {
    use super::*;

    static NAMES: Lookup<()> = Lookup::new(&[("a", ()), ("b", ()), ("c", ())]);

    fn keys(habit: &mut Habit, object: &str) -> String {
        let mut members = Members::of(object).expect("an object");
        let mut before = BEGINNING;
        let mut shown = String::new();
        while let Some(key) = habit
            .next_key(&mut members, &NAMES, &mut before)
            .expect("sound JSON")
        {
            let name = match key {
                Key::Known(index) => NAMES.entry(index).0.to_owned(),
                Key::Unknown(name) => format!("?{name}"),
            };
            let value = members.value().expect("sound JSON").raw;
            shown.push_str(&format!("{name}={value} "));
        }
        shown
    }

    #[test]
    fn keys_are_the_same_whatever_the_habit_was() {
        let objects = [
            r#"{"a":1,"b":2,"c":3}"#,
            r#"{"a":1,"b":2,"c":3}"#,
            r#"{"a": 1, "c": 3,"b":2}"#,
            r#"{"x":0,"a":1,"x":2,"b": [3] }"#,
            r#"{ "b":"}", "a":1}"#,
            "{}",
        ];
        let mut habit = Habit::default();
        for object in objects {
            let fresh = keys(&mut Habit::default(), object);
            assert_eq!(keys(&mut habit, object), fresh, "{object}");
            assert_eq!(keys(&mut habit, object), fresh, "{object} again");
        }
    }
}
