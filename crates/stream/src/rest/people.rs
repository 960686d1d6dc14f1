//! Persons at rest: what is known of a customer, a visitor or a session without one.

use super::{RestError, carts, customers, marks, searches, sessions};
use analytics::person::{
    Contributed, Floors, Link, PersonKind, PersonRef, PersonState, Record, Version,
};
use analytics::session::{Pieces, Rank};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{EventId, EventTime};

/// The key of a person: kind, store, id.
pub fn key(person: PersonRef<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5 + person.id.len());
    bytes.push(person.kind as u8);
    bytes.extend(person.store.0.to_be_bytes());
    bytes.extend(person.id.as_bytes());
    bytes
}

/// Writes what is known of a person.
pub fn write(state: &PersonState, bytes: &mut Vec<u8>) {
    let mut out = Encoder(bytes);
    let Floors {
        pieces,
        items,
        marks,
        searches,
    } = state.floors;
    [pieces, items, marks, searches]
        .iter()
        .for_each(|floor| out.i64(floor.0));
    write_record(&state.own, &mut out);
    out.u64(state.links.len() as u64);
    for link in &state.links {
        write_link(link, &mut out);
    }
    out.u64(state.contributions.len() as u64);
    for given in &state.contributions {
        out.text(&given.visitor);
        write_version(given.version, &mut out);
        write_record(&given.record, &mut out);
    }
    out.bool(state.ledger.is_some());
    if let Some(ledger) = &state.ledger {
        customers::write_ledger(ledger, &mut out);
    }
}

/// Reads [`write`].
pub fn read(bytes: &[u8]) -> Result<PersonState, RestError> {
    read_state(&mut Decoder::new(bytes)).map_err(RestError::of("a person"))
}

fn read_state(read: &mut Decoder<'_>) -> Result<PersonState, DecodeError> {
    let floors = Floors {
        pieces: EventTime(read.i64()?),
        items: EventTime(read.i64()?),
        marks: EventTime(read.i64()?),
        searches: EventTime(read.i64()?),
    };
    let own = read_record(read)?;
    let links = (0..read.count()?).map(|_| read_link(read));
    let links = links.collect::<Result<_, _>>()?;
    let contributions = (0..read.count()?).map(|_| read_contributed(read));
    Ok(PersonState {
        floors,
        own,
        links,
        contributions: contributions.collect::<Result<_, _>>()?,
        ledger: match read.bool()? {
            true => Some(Box::new(customers::read_ledger(read)?)),
            false => None,
        },
    })
}

fn write_record(record: &Record, out: &mut Encoder<'_>) {
    sessions::write_list(&record.pieces.0, out);
    carts::write_list(&record.items, out);
    marks::write_list(&record.marks, out);
    searches::write_list(&record.searches, out);
}

fn read_record(read: &mut Decoder<'_>) -> Result<Record, DecodeError> {
    Ok(Record {
        pieces: Pieces(sessions::read_list(read)?.into()),
        items: carts::read_list(read)?,
        marks: marks::read_list(read)?,
        searches: searches::read_list(read)?,
    })
}

/// Writes a kind of persons.
pub fn write_kind(kind: PersonKind, out: &mut Encoder<'_>) {
    out.u8(kind as u8);
}

/// Reads [`write_kind`].
pub fn read_kind(read: &mut Decoder<'_>) -> Result<PersonKind, DecodeError> {
    let kind = PersonKind::ALL.get(usize::from(read.u8()?));
    kind.copied().ok_or(DecodeError::Unknown)
}

fn read_contributed(read: &mut Decoder<'_>) -> Result<Contributed, DecodeError> {
    Ok(Contributed {
        visitor: read.text()?.into(),
        version: read_version(read)?,
        record: read_record(read)?,
    })
}

fn write_link(link: &Link, out: &mut Encoder<'_>) {
    out.text(&link.other);
    write_version(link.version, out);
    out.bool(link.at.is_some());
    if let Some(at) = link.at {
        out.i64(at.time.0);
        out.i64(at.position);
        out.u128(at.id.0);
    }
}

fn read_link(read: &mut Decoder<'_>) -> Result<Link, DecodeError> {
    let other = read.text()?.into();
    let version = read_version(read)?;
    let at = if read.bool()? {
        Some(Rank {
            time: EventTime(read.i64()?),
            position: read.i64()?,
            id: EventId(read.u128()?),
        })
    } else {
        None
    };
    Ok(Link { other, at, version })
}

/// Writes a version of what one home tells another.
pub fn write_version(version: Version, out: &mut Encoder<'_>) {
    out.u64(version.offset);
    out.u64(u64::from(version.step));
}

/// Reads [`write_version`].
pub fn read_version(read: &mut Decoder<'_>) -> Result<Version, DecodeError> {
    Ok(Version {
        offset: read.u64()?,
        step: read.u32()?,
    })
}

#[cfg(test)]
mod tests {
    //! What is written comes back, and what is torn or bent is refused, never a panic.

    use super::super::customers::any_ledgers::ledgers;
    use super::*;
    use analytics::cart::{CartId, CartItems, Facts, Item, Line, Lines, Place, What};
    use analytics::cell::NameId;
    use analytics::funnel::{Mark, Marks, Steps};
    use analytics::person::PersonKey;
    use analytics::search::{Found, Search, Searches};
    use analytics::session::{Acts, CampaignId, Cuts, Entry, GivenId, Piece};
    use event::{Money, Quantity};
    use proptest::prelude::*;
    use std::num::NonZeroU64;

    fn ranks() -> impl Strategy<Value = Rank> {
        any::<(i64, i64, u128)>().prop_map(|(time, position, id)| Rank {
            time: EventTime(time),
            position,
            id: EventId(id),
        })
    }

    fn lists() -> impl Strategy<Value = Vec<Piece>> {
        let names = any::<[u32; 6]>().prop_map(|names| names.map(NameId));
        let given = prop::option::of("[a-z]{0,3}");
        let cuts = (any::<i32>(), any::<u32>());
        let times = any::<[i64; 3]>();
        let piece = (ranks(), times, any::<[u32; 8]>(), names, given, cuts);
        let piece = piece.prop_map(|(first, times, acts, names, given, cuts)| Piece {
            first,
            last: EventTime(times[0]),
            viewed: EventTime(times[1]),
            ordered: EventTime(times[2]),
            cuts: Cuts {
                day: cuts.0,
                campaign: Some(CampaignId::of_hash(cuts.1)).filter(|_| cuts.1 % 2 == 0),
            },
            acts: Acts(acts),
            entry: Entry {
                country: names[0],
                device: names[1],
                channel: names[2],
                campaign: names[3],
                referrer: names[4],
                landing: names[5],
            },
            given: given.map(|id| GivenId::of("main", &id)),
        });
        prop::collection::vec(piece, 0..5)
    }

    fn whats() -> impl Strategy<Value = What> {
        let line = (any::<[u32; 2]>(), 1..i64::MAX, prop::option::of(0..99_i64));
        let line = line.prop_map(|(names, quantity, price)| {
            let names = (NameId(names[0]), NameId(names[1]));
            Line::new(names, Quantity(quantity), price.map(Money)).expect("it moves something")
        });
        let many = (prop::collection::vec(line.clone(), 2..4), any::<u32>());
        let many = many.prop_map(|(lines, beyond)| Lines::Many {
            lines: lines.into_iter().collect(),
            beyond,
        });
        prop_oneof![
            line.prop_map(|line| What::Moved(Lines::One(line))),
            many.prop_map(What::Moved),
            Just(What::Emptied),
            any::<u8>().prop_map(|facts| What::Saw(Facts(facts))),
            prop::option::of(".{0,9}").prop_map(|id| What::Ordered(id.map(Into::into))),
        ]
    }

    fn items() -> impl Strategy<Value = CartItems> {
        let item = (ranks(), any::<u64>(), any::<[u32; 2]>(), whats());
        let item = item.prop_map(|(rank, cart, place, what)| Item {
            rank,
            cart: NonZeroU64::new(cart).map(CartId),
            place: Place {
                country: NameId(place[0]),
                device: NameId(place[1]),
            },
            what,
        });
        prop::collection::vec(item, 0..4).prop_map(|items| CartItems(items.into_iter().collect()))
    }

    fn marks() -> impl Strategy<Value = Marks> {
        let mark = (ranks(), any::<(u64, i64, u32, u64, u16)>());
        let mark = mark.prop_map(|(rank, (steps, value, currency, given, foreign))| Mark {
            rank,
            steps: Steps(steps),
            value: Money(value),
            currency: NameId(currency),
            given: NonZeroU64::new(given).map(GivenId),
            foreign,
        });
        prop::collection::vec(mark, 0..4).prop_map(|marks| Marks(marks.into_iter().collect()))
    }

    fn searches() -> impl Strategy<Value = Searches> {
        let search = (ranks(), any::<(u32, u64)>(), 0..3_usize);
        let search = search.prop_map(|(rank, (term, given), found)| Search {
            rank,
            term: NameId(term),
            found: [Found::Unknown, Found::Nothing, Found::Something][found],
            given: NonZeroU64::new(given).map(GivenId),
        });
        prop::collection::vec(search, 0..4).prop_map(|all| Searches(all.into_iter().collect()))
    }

    fn records() -> impl Strategy<Value = Record> {
        (lists(), items(), marks(), searches()).prop_map(|(pieces, items, marks, searches)| {
            Record {
                pieces: Pieces(pieces.into_iter().collect()),
                items,
                marks,
                searches,
            }
        })
    }

    fn versions() -> impl Strategy<Value = Version> {
        any::<(u64, u32)>().prop_map(|(offset, step)| Version { offset, step })
    }

    fn states() -> impl Strategy<Value = PersonState> {
        let link = (".{0,9}", prop::option::of(ranks()), versions());
        let link = link.prop_map(|(other, at, version)| Link {
            other: other.into(),
            at,
            version,
        });
        let given = (".{0,9}", versions(), records());
        let given = given.prop_map(|(visitor, version, record)| Contributed {
            visitor: visitor.into(),
            version,
            record,
        });
        let links = prop::collection::vec(link, 0..4);
        let given = prop::collection::vec(given, 0..4);
        let floors = any::<[i64; 4]>().prop_map(|floors| Floors {
            pieces: EventTime(floors[0]),
            items: EventTime(floors[1]),
            marks: EventTime(floors[2]),
            searches: EventTime(floors[3]),
        });
        let ledger = prop::option::of(ledgers());
        let all = (floors, records(), links, given, ledger);
        all.prop_map(|(floors, own, links, contributions, ledger)| PersonState {
            floors,
            own,
            links: links.into(),
            contributions: contributions.into(),
            ledger: ledger.map(Box::new),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_rests_comes_back(state in states()) {
            let mut bytes = Vec::new();
            write(&state, &mut bytes);
            prop_assert_eq!(read(&bytes).expect("it was just written"), state);
        }

        #[test]
        fn what_is_torn_is_refused_and_what_is_bent_does_not_panic(
            state in states(),
            cut in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let mut bytes = Vec::new();
            write(&state, &mut bytes);
            let at = cut.index(bytes.len());
            prop_assert!(read(&bytes[..at]).is_err());
            bytes[at] ^= 1 << bit;
            let _ = read(&bytes);
        }

        #[test]
        fn keys_come_back_and_stay_apart(
            (one, other) in (("[ab]{0,2}", 0..2_u32, 0..3_usize), ("[ab]{0,2}", 0..2_u32, 0..3_usize)),
        ) {
            let person = |(id, store, kind): (String, u32, usize)| PersonKey {
                store: NameId(store),
                kind: PersonKind::ALL[kind],
                id: id.into(),
            };
            let (one, other) = (person(one), person(other));
            let (key_one, key_other) = (key(one.borrowed()), key(other.borrowed()));
            prop_assert_eq!(key_one == key_other, one == other);
        }
    }
}
