//! What a sender's habits tell: after which key comes which, and how it is written.
//! Programs write all their events alike, so the next key is compared with the last one that stood there instead of being looked up.

use super::keys::EVENT_KEYS_MAX;
use super::members::Members;
use super::scan::Stop;
use crate::dialect::Field;
use crate::dialect::lookup::Lookup;
use crate::event::Str;

/// The keys of one kind of object, each with the one that followed it last.
#[derive(Debug, Clone)]
pub(super) struct Habit<V: 'static> {
    after: Vec<Option<Follower<V>>>,
}

/// Stands for the key before where there is none yet.
pub(super) const BEGINNING: usize = EVENT_KEYS_MAX;
/// Stands for a key before that no table knows.
const UNKNOWN: usize = EVENT_KEYS_MAX + 1;

/// A key that followed another.
#[derive(Debug, Clone)]
struct Follower<V: 'static> {
    /// Everything between the value before and its own value: comma, quotes, colon, white space.
    lead: Box<str>,
    known: Known<V>,
}

/// A key of a table: its index there, and the entry itself, which need not be looked for again.
#[derive(Debug)]
pub(super) struct Known<V: 'static> {
    pub index: usize,
    pub name: &'static str,
    pub value: &'static V,
}

impl<V> Clone for Known<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Known<V> {}

/// The longest text between two values that is remembered: a name and little white space.
const LEAD_BYTES_MAX: usize = 64;

impl<V: Clone> Default for Habit<V> {
    fn default() -> Habit<V> {
        Habit {
            after: vec![None; UNKNOWN + 1],
        }
    }
}

/// The key of a value that comes next.
pub(super) enum Key<'a, V: 'static> {
    /// It stands in the table of names.
    Known(Known<V>),
    Unknown(Str<'a>),
}

impl<V> Habit<V> {
    /// The next key, if it is the one that stood there last time.
    #[inline]
    pub(super) fn expected(
        &self,
        members: &mut Members<'_>,
        before: &mut usize,
    ) -> Option<Known<V>> {
        let follower = self.after[*before].as_ref()?;
        let is_passed = members.pass(&follower.lead);
        is_passed.then(|| {
            *before = follower.known.index;
            follower.known
        })
    }

    /// The next key of an object: compared with the one expected after `before`, which it becomes, else looked up and remembered.
    pub(super) fn next_key<'a>(
        &mut self,
        members: &mut Members<'a>,
        names: &'static Lookup<V>,
        before: &mut usize,
    ) -> Result<Option<Key<'a, V>>, Stop> {
        if let Some(known) = self.expected(members, before) {
            return Ok(Some(Key::Known(known)));
        }
        let Some((key, lead)) = members.key()? else {
            return Ok(None);
        };
        let Some((index, value)) = names.find(key.as_bytes()) else {
            *before = UNKNOWN;
            return Ok(Some(Key::Unknown(key)));
        };
        let name = names.entry(index).0;
        let known = Known { index, name, value };
        if lead.len() <= LEAD_BYTES_MAX {
            let lead = lead.into();
            self.after[*before] = Some(Follower { lead, known });
        }
        *before = index;
        Ok(Some(Key::Known(known)))
    }
}

/// The habits of one sender, by kind of object.
#[derive(Debug, Clone, Default)]
pub struct Habits {
    pub(super) event: Habit<super::keys::Key>,
    pub(super) place: Habit<Field>,
    pub(super) error: Habit<Field>,
    pub(super) item: Habit<Field>,
}

#[cfg(test)]
mod tests {
    use super::*;

    static NAMES: Lookup<()> = Lookup::new(&[("a", ()), ("b", ()), ("c", ())]);

    fn keys(habit: &mut Habit<()>, object: &str) -> String {
        let mut members = Members::of(object).expect("an object");
        let mut before = BEGINNING;
        let mut shown = String::new();
        while let Some(key) = habit
            .next_key(&mut members, &NAMES, &mut before)
            .expect("sound JSON")
        {
            let name = match key {
                Key::Known(known) => known.name.to_owned(),
                Key::Unknown(name) => format!("?{name}"),
            };
            let value = members.value().expect("sound JSON").raw();
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
