//! Currencies of ISO 4217: the codes we know and the fraction digits each is written with.
//! No rates live here.

/// An ISO 4217 code, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Codes with two fraction digits.
const TWO: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG BGN HRK ANG";
/// Codes without fraction digits.
const NONE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
/// Codes with three.
const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";
/// Codes with four.
const FOUR: &str = "CLF UYW";

const LETTERS: usize = 26;
const UNKNOWN: u8 = u8::MAX;

/// Digits of every code of three letters: asked once an event, so looked up and not searched.
static DIGITS: [u8; LETTERS * LETTERS * LETTERS] = {
    let mut digits = [UNKNOWN; LETTERS * LETTERS * LETTERS];
    let tables = [(TWO, 2), (NONE, 0), (THREE, 3), (FOUR, 4)];
    let mut table = 0;
    while table < tables.len() {
        let codes = tables[table].0.as_bytes();
        let mut at = 0;
        while at < codes.len() {
            let index = ((codes[at] - b'A') as usize * LETTERS + (codes[at + 1] - b'A') as usize)
                * LETTERS
                + (codes[at + 2] - b'A') as usize;
            digits[index] = tables[table].1;
            at += 4;
        }
        table += 1;
    }
    digits
};

impl Currency {
    /// The dollar, a store's currency until it says otherwise.
    pub const USD: Currency = Currency(*b"USD");

    /// A known code in any letter case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Currency> {
        let bytes = text.as_bytes();
        let bytes: [u8; 3] = (bytes.try_into())
            .or_else(|_| text.trim().as_bytes().try_into())
            .ok()?;
        let currency = Currency(bytes.map(|byte| byte.to_ascii_uppercase()));
        currency.known_digits().map(|_| currency)
    }

    /// Fraction digits amounts of this currency are written with.
    #[must_use]
    pub fn digits(self) -> usize {
        self.known_digits().unwrap_or(2)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0)
            .expect("three ASCII letters: parse checked them against the table")
    }

    fn known_digits(self) -> Option<usize> {
        let letter = |byte: u8| byte.is_ascii_uppercase().then(|| usize::from(byte - b'A'));
        let [first, second, third] = self.0;
        match DIGITS[(letter(first)? * LETTERS + letter(second)?) * LETTERS + letter(third)?] {
            UNKNOWN => None,
            digits => Some(usize::from(digits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_in_any_letter_case() {
        let digits = |code: &str| Currency::parse(code).map(Currency::digits);
        assert_eq!(digits("eur"), Some(2));
        assert_eq!(digits("JPY"), Some(0));
        assert_eq!(digits("KWD"), Some(3));
        assert_eq!(digits("CLF"), Some(4));
        assert_eq!(digits("EURO"), None);
        assert_eq!(digits("D U"), None);
        assert_eq!(digits("XXX"), None);
        assert_eq!(Currency::parse(" usd ").expect("known").as_str(), "USD");
    }
}
