//! A product at rest: its stock, and its prices by currency, in one row, for they are looked up together.

use super::{RestError, prices, stock};
use analytics::cell::NameId;
use analytics::price::ProductPrices;
use analytics::stock::{ProductStock, StockKey};
use checkpoint::{DecodeError, Decoder, Encoder};

/// What lies at rest of a product.
pub type Resting = (ProductStock, Vec<(NameId, ProductPrices)>);

/// The key of a product: store, product.
pub fn key(key: StockKey) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&key.store.0.to_be_bytes());
    bytes[4..].copy_from_slice(&key.product.0.to_be_bytes());
    bytes
}

/// Writes what is known of a product.
pub fn write<'a>(
    stock: &ProductStock,
    prices: impl Iterator<Item = (NameId, &'a ProductPrices)>,
    bytes: &mut Vec<u8>,
) {
    let mut out = Encoder(bytes);
    stock::write(stock, &mut out);
    for (currency, state) in prices {
        out.bool(true);
        out.u64(u64::from(currency.0));
        prices::write(state, &mut out);
    }
    out.bool(false);
}

/// Reads [`write`].
pub fn read(bytes: &[u8]) -> Result<Resting, RestError> {
    read_product(&mut Decoder::new(bytes)).map_err(RestError::of("a product's stock and prices"))
}

fn read_product(read: &mut Decoder<'_>) -> Result<Resting, DecodeError> {
    let stock = stock::read(read)?;
    let mut all = Vec::new();
    while read.bool()? {
        let currency = NameId(read.u32()?);
        all.push((currency, prices::read(read)?));
    }
    Ok((stock, all))
}

#[cfg(test)]
mod tests {
    //! What is written comes back, and what is torn or bent is refused, never a panic.

    use super::*;
    use analytics::ladder::{Coarse, Ladder};
    use analytics::price::{Change, DayKey, Days, Sums};
    use analytics::session::Rank;
    use analytics::stock::{Goods, Interest, Lane, Moved, Report, Warehouse};
    use event::{EventId, EventTime, Money, Quantity};
    use proptest::prelude::*;

    fn times() -> impl Strategy<Value = EventTime> {
        any::<i64>().prop_map(EventTime)
    }

    fn ranks() -> impl Strategy<Value = Rank> {
        (times(), any::<(i64, u128)>()).prop_map(|(time, (position, id))| Rank {
            time,
            position,
            id: EventId(id),
        })
    }

    /// Sums of money stay far below 2¹²⁷, as all that is ever written does.
    fn sums_of_pieces() -> impl Strategy<Value = i128> {
        any::<i128>().prop_map(|sum| sum >> 8)
    }

    fn ladders<K, V>(
        keys: impl Strategy<Value = K> + Clone + 'static,
        values: impl Strategy<Value = V> + Clone + 'static,
    ) -> impl Strategy<Value = Ladder<K, V>>
    where
        K: std::fmt::Debug + 'static,
        V: std::fmt::Debug + Default + 'static,
    {
        let fine = prop::collection::vec((keys, values.clone()), 0..4);
        let rung = prop::collection::vec((any::<i64>(), values.clone()), 0..3);
        let coarse = prop::option::of((rung, values));
        (fine, coarse, 0..6_usize).prop_map(|(fine, coarse, at)| {
            let coarse = coarse.map(|(rung, before)| {
                let mut coarse = Coarse {
                    before,
                    ..Coarse::default()
                };
                coarse.rungs[at] = rung.into();
                Box::new(coarse)
            });
            Ladder {
                fine: fine.into(),
                coarse,
            }
        })
    }

    fn boxed<T: std::fmt::Debug + 'static>(
        strategy: impl Strategy<Value = T> + 'static,
    ) -> BoxedStrategy<T> {
        strategy.boxed()
    }

    fn stocks() -> impl Strategy<Value = ProductStock> {
        let report = (prop::option::of(ranks()), any::<i64>());
        let report = boxed(report.prop_map(|(rank, level)| Report {
            rank,
            level: Quantity(level),
        }));
        let moved = boxed(sums_of_pieces().prop_map(Moved));
        let lane = (
            any::<(u64, u32, u64)>(),
            ladders(boxed(ranks()), report),
            ladders(boxed(ranks()), moved),
        );
        let lane = lane.prop_map(|((hash, name, told), reports, changes)| Lane {
            warehouse: Warehouse {
                hash,
                name: NameId(name),
            },
            told,
            reports,
            changes,
        });
        let goods = (sums_of_pieces(), sums_of_pieces(), sums_of_pieces());
        let goods = boxed(goods.prop_map(|(sold, returned, written_off)| Goods {
            sold,
            returned,
            written_off,
        }));
        let interest =
            boxed(any::<(u32, u32)>().prop_map(|(views, cart_adds)| Interest { views, cart_adds }));
        let all = (
            prop::collection::vec(lane, 0..3),
            ladders(boxed(times()), goods),
            ladders(boxed(times()), interest),
            any::<u64>(),
        );
        all.prop_map(|(lanes, goods, interest, set_aside)| ProductStock {
            lanes,
            goods,
            interest,
            set_aside,
        })
    }

    fn sums() -> impl Strategy<Value = Sums> {
        let counts = any::<[i64; 4]>();
        (counts, sums_of_pieces(), sums_of_pieces()).prop_map(|(counts, units, revenue)| Sums {
            views: counts[0],
            cart_adds: counts[1],
            orders: counts[2],
            promoted: counts[3],
            units,
            revenue,
        })
    }

    fn prices() -> impl Strategy<Value = (NameId, ProductPrices)> {
        let money = || prop::option::of(any::<i64>().prop_map(Money));
        let change = (prop::option::of(ranks()), times(), money(), any::<i64>());
        let change = boxed(change.prop_map(|(rank, day, old, new)| Change {
            rank,
            day,
            old,
            new: Money(new),
        }));
        let day = (times(), money()).prop_map(|(day, price)| DayKey { day, price });
        let days = (prop::collection::vec((day, sums()), 0..5), sums());
        let days = days.prop_map(|(all, before)| Days {
            sums: all.into(),
            before,
        });
        let all = (
            any::<u32>(),
            ladders(boxed(ranks()), change),
            days,
            any::<i64>(),
        );
        all.prop_map(|(currency, changes, days, set_aside)| {
            let state = ProductPrices {
                changes,
                days,
                set_aside,
            };
            (NameId(currency), state)
        })
    }

    fn written((stock, prices): &Resting) -> Vec<u8> {
        let mut bytes = Vec::new();
        let prices = prices.iter().map(|(currency, state)| (*currency, state));
        write(stock, prices, &mut bytes);
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_rests_comes_back(
            product in (stocks(), prop::collection::vec(prices(), 0..3)),
        ) {
            prop_assert_eq!(read(&written(&product)).expect("it was just written"), product);
        }

        #[test]
        fn what_is_torn_is_refused_and_what_is_bent_does_not_panic(
            product in (stocks(), prop::collection::vec(prices(), 0..3)),
            cut in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let mut bytes = written(&product);
            let at = cut.index(bytes.len());
            prop_assert!(read(&bytes[..at]).is_err());
            bytes[at] ^= 1 << bit;
            let _ = read(&bytes);
        }
    }
}
