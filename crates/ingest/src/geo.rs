//! A country by address, from a MaxMind DB file that the user gives (GeoLite2, DB-IP, IPinfo and their like).
//! The file is read once, whole and checked; nothing is asked of the network, and nothing but the country is taken.

use maxminddb::{MaxMindDbError, PathElement, Reader, WithinOptions};
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Networks looked at before a file is said to hold no countries: a database of countries names one in its first.
const NETWORKS_TRIED: usize = 1_000;

/// Why a file cannot tell countries.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// It cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is damaged, cut short, or something else.
    #[error("{} is no sound MaxMind DB file: {cause}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<MaxMindDbError>,
    },
    /// It is a database of something else, such as of network operators.
    #[error("{} holds no countries: it is a database of type {kind}", path.display())]
    NoCountries {
        /// The file.
        path: PathBuf,
        /// What it calls itself.
        kind: String,
    },
}

impl GeoError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            GeoError::Read { .. } => {
                "set geo.database to a file this user may read, or leave it out"
            }
            GeoError::Damaged { .. } => "get the file again: it ends in .mmdb and is not packed",
            GeoError::NoCountries { .. } => "use a database of countries or cities",
        }
    }
}

/// An opened database.
pub struct GeoDatabase {
    reader: Reader<Vec<u8>>,
}

impl fmt::Debug for GeoDatabase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("GeoDatabase")
            .field("kind", &self.reader.metadata().database_type)
            .finish_non_exhaustive()
    }
}

impl GeoDatabase {
    /// Reads a file and checks all of it, so that a lookup cannot fail later.
    pub fn open(path: &Path) -> Result<GeoDatabase, GeoError> {
        let bytes = std::fs::read(path).map_err(|cause| GeoError::Read {
            path: path.to_owned(),
            cause,
        })?;
        let damaged = |cause| GeoError::Damaged {
            path: path.to_owned(),
            cause: Box::new(cause),
        };
        let reader = Reader::from_source(bytes).map_err(damaged)?;
        reader.verify().map_err(damaged)?;
        let database = GeoDatabase { reader };
        if !database.holds_countries().map_err(damaged)? {
            return Err(GeoError::NoCountries {
                path: path.to_owned(),
                kind: database.reader.metadata().database_type.clone(),
            });
        }
        Ok(database)
    }

    /// The country of an address as its ISO 3166 code; nothing for private and unknown addresses.
    #[must_use]
    pub fn country(&self, address: IpAddr) -> Option<&'static str> {
        let found = self.reader.lookup(address).ok()?;
        country_of(&found)
    }

    fn holds_countries(&self) -> Result<bool, MaxMindDbError> {
        for network in (self.reader.networks(WithinOptions::default())?).take(NETWORKS_TRIED) {
            if country_of(&network?).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Where makers of such files write the code, most usual first.
const PLACES: [&[PathElement<'static>]; 3] = [
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
    &[PathElement::Key("country_code")],
    &[PathElement::Key("country")],
];

fn country_of(found: &maxminddb::LookupResult<'_, Vec<u8>>) -> Option<&'static str> {
    PLACES.into_iter().find_map(|place| {
        let code = found.decode_path::<&str>(place).ok().flatten()?;
        country_code(code)
    })
}

const LETTERS: usize = 26;
const CODES: usize = LETTERS * LETTERS;

/// Every pair of letters, so that a code needs no memory of its own.
static PAIRS: [u8; CODES * 2] = {
    let mut pairs = [0; CODES * 2];
    let mut at = 0;
    while at < CODES {
        pairs[at * 2] = b'A' + (at / LETTERS) as u8;
        pairs[at * 2 + 1] = b'A' + (at % LETTERS) as u8;
        at += 1;
    }
    pairs
};

fn country_code(code: &str) -> Option<&'static str> {
    let [first, second] = code.as_bytes() else {
        return None;
    };
    let place = |letter: &u8| {
        let letter = letter.to_ascii_uppercase();
        letter
            .is_ascii_uppercase()
            .then(|| usize::from(letter - b'A'))
    };
    let at = (place(first)? * LETTERS + place(second)?) * 2;
    std::str::from_utf8(&PAIRS[at..at + 2]).ok()
}
