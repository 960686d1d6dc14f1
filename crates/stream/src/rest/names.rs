//! Names and products at rest: lists by number, of which each checkpoint adds what is new.

use super::RestError;
use crate::names::{KnownProduct, Names, Products};
use analytics::cell::NameId;
use checkpoint::{Decoder, Encoder, Folder, Run, RunWriter, Table};
use event::{EventId, EventTime};
use std::sync::Arc;

/// Writes the names given out since the last checkpoint; nothing where there are none.
pub fn write_names(
    names: &[(NameId, Arc<str>)],
    folder: &Folder,
) -> Result<Option<Run>, RestError> {
    write(names, folder, |name, bytes| {
        bytes.extend_from_slice(name.as_bytes());
    })
}

/// Writes products that changed since the last checkpoint, by number.
pub fn write_products(
    products: &[(NameId, KnownProduct)],
    folder: &Folder,
) -> Result<Option<Run>, RestError> {
    write(products, folder, |known, bytes| {
        let mut out = Encoder(bytes);
        out.u64(u64::from(known.product.store.0));
        out.text(&known.store);
        out.text(&known.product.id);
        out.bool(known.product.name.is_some());
        if let Some(name) = &known.product.name {
            out.text(name);
        }
        let (time, id) = known.named_at;
        out.i64(time.0);
        out.u128(id.0);
    })
}

fn write<T>(
    rows: &[(NameId, T)],
    folder: &Folder,
    encode: impl Fn(&T, &mut Vec<u8>),
) -> Result<Option<Run>, RestError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut writer = RunWriter::create(folder, rows.len() as u64)?;
    let mut bytes = Vec::new();
    for (id, row) in rows {
        bytes.clear();
        encode(row, &mut bytes);
        writer.push(&id.0.to_be_bytes(), Some(&bytes))?;
    }
    Ok(Some(writer.finish()?))
}

/// Reads all names, in the order of their numbers.
pub fn read_names(table: &Table) -> Result<Names, RestError> {
    let mut names = Names::default();
    let mut rows = table.scan(&[], None);
    while let Some((_, bytes)) = rows.next()? {
        let name = std::str::from_utf8(bytes).map_err(|_| RestError::unknown("a name"))?;
        names.restore(name);
    }
    Ok(names)
}

/// Reads all products, in the order of their numbers.
pub fn read_products(table: &Table) -> Result<Products, RestError> {
    let mut products = Products::default();
    let mut rows = table.scan(&[], None);
    while let Some((_, bytes)) = rows.next()? {
        let mut read = Decoder::new(bytes);
        let mut decode = || {
            let store = NameId(read.u32()?);
            let store_name = Arc::from(read.text()?);
            let id = Arc::from(read.text()?);
            let name = if read.bool()? {
                Some(Arc::from(read.text()?))
            } else {
                None
            };
            Ok(KnownProduct {
                product: crate::names::Product { store, id, name },
                store: store_name,
                named_at: (EventTime(read.i64()?), EventId(read.u128()?)),
            })
        };
        products.restore(decode().map_err(RestError::of("a product"))?);
    }
    Ok(products)
}
