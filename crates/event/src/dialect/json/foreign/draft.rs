//! An event of another tracker while its keys come in: tables say what each key stands for, what is in none is kept.
//! What a tracker's words mean beyond a key's place (types, amounts that depend on the type) is decided by its own file.

use super::super::decode::{TYPE_BYTES_MAX, read_of_field, read_path, read_scalar, stopped};
use super::super::members::{Elements, Written, check_inside};
use super::super::text::push_member;
use super::object::{MemberList, is_empty, is_nothing, members_in};
use crate::EventType;
use crate::check::ITEMS_MAX;
use crate::dialect::field::{self, Field, Style, Value};
use crate::dialect::lookup::Lookup;
use crate::dialect::numeral::read_decimal;
use crate::event::{Event, Item, Str};
use crate::rejection::{Reason, Rejection};
use crate::schema::{Amount, ItemLabel, ItemText, Text};
use smallvec::SmallVec;

/// What a key stands for.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// A field; one of an item belongs to the only item, and is an unknown field where items are listed.
    Field(Field),
    /// A field of every item that has no value of its own.
    Shared(Field),
    /// A level of the item's category path.
    Level(u8),
    /// An object with keys of its own.
    Object(&'static Keys),
    /// The items.
    Items(&'static Keys),
    /// Put aside: what it means depends on the other keys.
    Note(Note),
    /// Says nothing about the event.
    Dropped,
}

/// What is put aside while the keys come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// What kind of call or hit it is.
    Call,
    /// The tracker's name of what happened.
    EventName,
    /// Name of the page or screen.
    PageName,
    /// Name of a product, a promotion or anything else.
    Name,
    /// Place in a list, or of a promotion on the page.
    Position,
    /// Address of a page or a product.
    Url,
    /// Worth of the event, whatever that is for its type.
    Value,
    /// Total of an order or refund.
    Total,
    /// Times to fall back on, the best first.
    SecondTime,
    /// The next best.
    ThirdTime,
    /// The last.
    FourthTime,
    /// A second id of the visitor.
    SecondVisitor,
    /// A second code of an error.
    SecondCode,
    /// The action of a structured event.
    Action,
}

/// Keys of an object, and where that object stands.
pub(super) struct Keys {
    /// The name before the names of its unknown fields.
    pub path: &'static str,
    uses: Lookup<Use>,
}

impl Keys {
    pub(super) const fn new(path: &'static str, uses: &'static [(&'static str, Use)]) -> Keys {
        Keys {
            path,
            uses: Lookup::new(uses),
        }
    }

    /// Whether this key is one of them.
    pub(super) fn know(&self, key: &str) -> bool {
        self.uses.find(key.as_bytes()).is_some()
    }
}

/// Where a key stands, for the name it is kept under.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    path: &'static str,
    index: Option<usize>,
}

impl Place {
    pub(super) const TOP: Place = Place::at("");

    pub(super) const fn at(path: &'static str) -> Place {
        Place { path, index: None }
    }

    pub(super) const fn in_list(path: &'static str, index: usize) -> Place {
        Place {
            path,
            index: Some(index),
        }
    }
}

/// A member with where it stands.
#[derive(Debug, Clone)]
pub(super) struct Member<'t> {
    place: Place,
    key: Str<'t>,
    pub raw: &'t str,
}

/// An event under way.
pub(super) struct Draft<'t> {
    /// On the heap: an event is 1.7 kB.
    pub event: Box<Event<'t>>,
    style: Style<'t>,
    pub(super) notes: SmallVec<[(Note, Member<'t>); 8]>,
    pub(super) loose: SmallVec<[(Field, Member<'t>); 8]>,
    pub(super) shared: SmallVec<[(Field, Member<'t>); 4]>,
    pub(super) has_items: bool,
    pub(super) extra: String,
    /// Export tools write this for what is not there.
    absent: Option<&'static str>,
}

impl<'t> Draft<'t> {
    pub(super) fn new(style: Style<'t>) -> Draft<'t> {
        Draft {
            event: Box::new(Event::new(EventType::Custom)),
            style,
            notes: SmallVec::new(),
            loose: SmallVec::new(),
            shared: SmallVec::new(),
            has_items: false,
            extra: String::new(),
            absent: None,
        }
    }

    /// Takes this value for none.
    pub(super) fn without(mut self, absent: &'static str) -> Draft<'t> {
        self.absent = Some(absent);
        self
    }

    fn says_nothing(&self, raw: &str) -> bool {
        is_nothing(raw) || self.absent == Some(raw)
    }

    /// Takes all members of an object.
    pub(super) fn object(
        &mut self,
        place: Place,
        keys: &'static Keys,
        members: MemberList<'t>,
    ) -> Result<(), Rejection> {
        members
            .into_iter()
            .try_for_each(|(key, raw)| self.member(place, keys, key, raw))
    }

    /// Takes one member.
    pub(super) fn member(
        &mut self,
        place: Place,
        keys: &'static Keys,
        key: Str<'t>,
        raw: &'t str,
    ) -> Result<(), Rejection> {
        if self.says_nothing(raw) {
            return Ok(());
        }
        let found = keys.uses.find(key.as_bytes()).map(|(_, found)| *found);
        let member = Member { place, key, raw };
        match found {
            None => self.keep(&member),
            Some(Use::Dropped) => Ok(()),
            Some(Use::Field(field)) if field.is_of_item() => {
                self.loose.push((field, member));
                Ok(())
            }
            Some(Use::Field(field)) => self.set(field, &member),
            Some(Use::Shared(field)) => {
                self.shared.push((field, member));
                Ok(())
            }
            Some(Use::Note(note)) => {
                self.notes.push((note, member));
                Ok(())
            }
            Some(Use::Object(keys)) => {
                let members = members_in(&member.key, raw)?;
                self.object(Place::at(keys.path), keys, members)
            }
            Some(Use::Items(keys)) => self.items(&member.key, raw, keys),
            Some(Use::Level(_)) => self.keep(&member),
        }
    }

    /// Keeps a member as it came; it must be JSON all the way down, because the kept text is read as such.
    pub(super) fn keep(&mut self, member: &Member<'_>) -> Result<(), Rejection> {
        let Member { place, key, raw } = member;
        let index = place.index.map(|index| format!("[{index}]"));
        let name: &[&str] = match (place.path, &index) {
            ("", _) => &[key],
            (path, None) => &[path, ".", key],
            (path, Some(index)) => &[path, index, ".", key],
        };
        self.keep_as(name, raw)
    }

    /// Keeps a value under a name in parts.
    pub(super) fn keep_as(&mut self, name: &[&str], raw: &str) -> Result<(), Rejection> {
        check_inside(raw).map_err(stopped)?;
        if !self.says_nothing(raw) && !is_empty(raw) {
            push_member(&mut self.extra, name, |out| out.push_str(raw));
        }
        Ok(())
    }

    /// Sets a field of the event; another value for what is set already is kept as an unknown field.
    pub(super) fn set(&mut self, field: Field, member: &Member<'t>) -> Result<(), Rejection> {
        if field::is_set(&self.event, field) {
            return if self.is_repeated(field, member)? {
                Ok(())
            } else {
                self.keep(member)
            };
        }
        let value = read(&member.key, member.raw, field)?;
        field::set(&mut self.event, 0, field, value, self.style)
    }

    fn is_repeated(&self, field: Field, member: &Member<'t>) -> Result<bool, Rejection> {
        let known = match field {
            Field::Text(column) => self.event.text(column),
            Field::Label(column) => self.event.label(column),
            Field::Amount(column) => return self.is_repeated_amount(column, member),
            _ => None,
        };
        let Some(known) = known else {
            return Ok(false);
        };
        Ok(read(&member.key, member.raw, field)?.text == known)
    }

    fn is_repeated_amount(&self, column: Amount, member: &Member<'t>) -> Result<bool, Rejection> {
        let text = read(&member.key, member.raw, Field::Amount(column))?.text;
        let (amount, _) = read_decimal(&member.key, Reason::PriceInvalid, &text, self.style)?;
        Ok(self.event.amount(column) == Some(amount))
    }

    fn items(&mut self, key: &str, raw: &'t str, keys: &'static Keys) -> Result<(), Rejection> {
        let elements = Elements::of(raw)
            .ok_or_else(|| Rejection::of_field(Reason::WrongType, key, "no array"))?;
        for element in elements {
            self.item(element.map_err(stopped)?, keys)?;
        }
        Ok(())
    }

    /// Adds an item.
    pub(super) fn item(&mut self, raw: &'t str, keys: &'static Keys) -> Result<(), Rejection> {
        let line = self.event.items.len();
        if line == ITEMS_MAX {
            let detail = format!("more than {ITEMS_MAX} items");
            return Err(Rejection::new(Reason::TooManyItems, detail));
        }
        let members = members_in("items", raw)?;
        self.has_items = true;
        self.event.items.push(Item::default());
        let place = Place::in_list("items", line);
        let mut levels = [const { None }; 5];
        for (key, raw) in members {
            if self.says_nothing(raw) {
                continue;
            }
            let found = keys.uses.find(key.as_bytes()).map(|(_, found)| *found);
            let member = Member { place, key, raw };
            match found {
                Some(Use::Field(field) | Use::Shared(field)) if field.is_of_item() => {
                    self.set_of_item(line, field, &member)?;
                }
                Some(Use::Field(field)) => self.set(field, &member)?,
                Some(Use::Level(level)) if usize::from(level) < levels.len() => {
                    levels[usize::from(level)] = Some(member);
                }
                Some(Use::Dropped) => {}
                _ => self.keep(&member)?,
            }
        }
        self.set_path(line, &levels)
    }

    /// The levels of a category that were written apart, as one path.
    fn set_path(&mut self, line: usize, levels: &[Option<Member<'t>>]) -> Result<(), Rejection> {
        let mut path = String::new();
        for member in levels.iter().flatten() {
            let level = read_scalar(&member.key, Written::of(member.raw), false)?;
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(level.text.trim());
        }
        if !path.is_empty() {
            self.event.items[line].set_label(ItemLabel::CategoryPath, path);
        }
        Ok(())
    }

    pub(super) fn set_of_item(
        &mut self,
        line: usize,
        field: Field,
        member: &Member<'t>,
    ) -> Result<(), Rejection> {
        if field::is_set_of_item(&self.event.items[line], field) {
            return self.keep(member);
        }
        let value = read(&member.key, member.raw, field)?;
        field::set(&mut self.event, line, field, value, self.style)
    }

    /// What was put aside under this note, if anything was.
    pub(super) fn take(&mut self, note: Note) -> Option<Member<'t>> {
        let at = self.notes.iter().position(|(noted, _)| *noted == note)?;
        Some(self.notes.remove(at).1)
    }

    /// The same as text.
    pub(super) fn take_text(&mut self, note: Note) -> Result<Option<Str<'t>>, Rejection> {
        self.take(note)
            .map(|member| Ok(read_scalar(&member.key, Written::of(member.raw), false)?.text))
            .transpose()
    }

    /// Sets what was put aside as this field, if anything was.
    pub(super) fn settle(&mut self, note: Note, field: Field) -> Result<(), Rejection> {
        match self.take(note) {
            Some(member) if field.is_of_item() => self.loose.push((field, member)),
            Some(member) => self.set(field, &member)?,
            None => {}
        }
        Ok(())
    }

    /// Sets what was put aside as this field of all items, if anything was.
    pub(super) fn settle_shared(&mut self, note: Note, field: Field) {
        if let Some(member) = self.take(note) {
            self.shared.push((field, member));
        }
    }

    /// Sets the event's time from another clock of the sender where the best is missing.
    pub(super) fn fall_back_on(&mut self, note: Note) -> Result<(), Rejection> {
        self.settle(note, Field::Time)
    }

    /// The same from a time at which it only came in, and says so.
    pub(super) fn fall_back_on_arrival(&mut self, note: Note) -> Result<(), Rejection> {
        let is_missing = self.event.time.is_none();
        self.fall_back_on(note)?;
        if is_missing && self.event.time.is_some() {
            self.event.mark_inferred("ts_event");
        }
        Ok(())
    }

    /// What happened, and the tracker's own word for it.
    pub(super) fn set_type(&mut self, kind: EventType, name: Str<'t>) -> Result<(), Rejection> {
        if name.len() > TYPE_BYTES_MAX {
            return Err(Rejection::of_field(Reason::TooLarge, "type", &name));
        }
        self.event.kind = kind;
        if kind == EventType::Custom || kind.name() != name {
            self.event.set_text(Text::TypeText, name);
        }
        Ok(())
    }

    /// Whether the event names a product: by a field of its own, or by its items.
    pub(super) fn names_product(&self) -> bool {
        let is_id = |field: &Field| {
            matches!(
                field,
                Field::ItemText(ItemText::ProductId | ItemText::Sku | ItemText::PromoId)
            )
        };
        self.has_items || self.loose.iter().any(|(field, _)| is_id(field))
    }

    /// Sets an amount whose field depends on the type, as [`Note::Value`] does.
    pub(super) fn settle_amount(&mut self, note: Note, column: Amount) -> Result<(), Rejection> {
        self.settle(note, Field::Amount(column))
    }
}

/// The value of a field; a query may be a list of its words or an object, a category a list of its levels.
fn read<'t>(key: &str, raw: &'t str, field: Field) -> Result<Value<'t>, Rejection> {
    match field {
        Field::Text(Text::Query) if raw.starts_with('[') => read_words(key, raw),
        Field::Text(Text::Query) => read_scalar(key, Written::of(raw), true),
        Field::ItemLabel(ItemLabel::CategoryPath) if raw.starts_with('[') => read_path(key, raw),
        _ => read_of_field(key, Written::of(raw), field),
    }
}

fn read_words<'t>(key: &str, raw: &'t str) -> Result<Value<'t>, Rejection> {
    let mut words = String::new();
    for word in Elements::of(raw).into_iter().flatten() {
        let word = read_scalar(key, Written::of(word.map_err(stopped)?), false)?;
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&word.text);
    }
    Ok(Value {
        text: words.into(),
        may_be_number: false,
    })
}
