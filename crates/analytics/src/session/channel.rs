//! By which channel a visitor came: told by the campaign's labels, a click's mark, or the page before. The groups are those of
//! GA4's default channel group (support.google.com/analytics/answer/9756891); lists of sites are short and hold the large ones.

use event::EventRef;
use event::schema::{Label, Text};

macro_rules! channels {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// By which channel a visitor came.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Channel {
            $(#[doc = $doc] $variant,)*
        }

        impl Channel {
            /// Every channel.
            pub const ALL: &'static [Channel] = &[$(Channel::$variant,)*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The name in tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Channel::$variant => $name,)* }
            }
        }
    };
}

channels! {
    Direct = "Direct", "Nothing says where from.";
    OrganicSearch = "Organic Search", "A search engine, unpaid.";
    PaidSearch = "Paid Search", "An advertisement at a search engine.";
    OrganicSocial = "Organic Social", "A social network, unpaid.";
    PaidSocial = "Paid Social", "An advertisement at a social network.";
    Display = "Display", "A banner.";
    PaidOther = "Paid Other", "An advertisement elsewhere.";
    Email = "Email", "A link in a mail.";
    Affiliates = "Affiliates", "A partner who is paid by sale.";
    Sms = "SMS", "A link in a short message.";
    Referral = "Referral", "Another site.";
    Unassigned = "Unassigned", "A campaign whose labels say nothing known.";
}

const SEARCH_SITES: [&str; 11] = [
    "google",
    "bing",
    "yahoo",
    "duckduckgo",
    "baidu",
    "yandex",
    "ecosia",
    "qwant",
    "startpage",
    "naver",
    "seznam",
];
const SOCIAL_SITES: [&str; 16] = [
    "facebook",
    "fb",
    "instagram",
    "ig",
    "twitter",
    "linkedin",
    "lnkd",
    "pinterest",
    "reddit",
    "tiktok",
    "youtube",
    "snapchat",
    "vk",
    "whatsapp",
    "telegram",
    "threads",
];
/// Hosts whose names say nothing by a part of theirs.
const SOCIAL_HOSTS: [&str; 3] = ["t.co", "x.com", "youtu.be"];

/// What kind of site sent a visitor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    Search,
    Social,
    Other,
}

/// What an event says of where its visitor came from; nothing of it need be there.
#[derive(Debug, Clone, Copy, Default)]
struct Origin<'a> {
    source: Option<&'a str>,
    medium: Option<&'a str>,
    click_ids: Option<&'a str>,
    referrer: Option<&'a str>,
    url: Option<&'a str>,
}

impl Channel {
    /// The channel of a session that begins with this event.
    #[must_use]
    pub fn of(event: EventRef<'_>) -> Channel {
        let origin = Origin {
            source: event.label(Label::UtmSource),
            medium: event.label(Label::UtmMedium),
            click_ids: event.text(Text::ClickIds),
            referrer: event.text(Text::Referrer),
            url: event.text(Text::Url),
        };
        origin.channel()
    }
}

impl Origin<'_> {
    fn channel(&self) -> Channel {
        let clicked = |mark: &str| self.click_ids.is_some_and(|ids| ids.contains(mark));
        if ["gclid", "gbraid", "wbraid", "msclkid"]
            .into_iter()
            .any(clicked)
        {
            return Channel::PaidSearch;
        }
        if clicked("ttclid") {
            return Channel::PaidSocial;
        }
        let host = self.other_host();
        let site = match (self.source, host) {
            (Some(source), _) => Some(site(source)),
            (None, Some(host)) => Some(site(host)),
            (None, None) if clicked("fbclid") => Some(Site::Social),
            (None, None) => None,
        };
        match (self.medium, site) {
            (Some(medium), site) => by_medium(&medium.to_ascii_lowercase(), site),
            (None, Some(Site::Search)) => Channel::OrganicSearch,
            (None, Some(Site::Social)) => Channel::OrganicSocial,
            (None, Some(Site::Other)) if self.source.is_some() => Channel::Unassigned,
            (None, Some(Site::Other)) => Channel::Referral,
            (None, None) => Channel::Direct,
        }
    }

    /// The host of the page before, if that is another than the shop's own.
    fn other_host(&self) -> Option<&str> {
        let host = host(self.referrer?)?;
        (self.url.and_then(self::host) != Some(host)).then_some(host)
    }
}

fn by_medium(medium: &str, site: Option<Site>) -> Channel {
    let is_paid = medium.contains("cp") && medium != "cpm"
        || medium == "ppc"
        || medium == "retargeting"
        || medium.starts_with("paid");
    match (medium, site) {
        (_, Some(Site::Search)) if is_paid => Channel::PaidSearch,
        (_, Some(Site::Social)) if is_paid => Channel::PaidSocial,
        ("display" | "banner" | "expandable" | "interstitial" | "cpm", _) => Channel::Display,
        _ if is_paid => Channel::PaidOther,
        ("email" | "e-mail" | "e_mail" | "mail" | "newsletter", _) => Channel::Email,
        ("affiliate" | "affiliates", _) => Channel::Affiliates,
        ("sms", _) => Channel::Sms,
        ("social" | "social-network" | "social-media" | "sm", _) => Channel::OrganicSocial,
        ("organic", Some(Site::Social)) => Channel::OrganicSocial,
        ("organic", _) => Channel::OrganicSearch,
        ("referral" | "link" | "app", Some(Site::Social)) => Channel::OrganicSocial,
        ("referral" | "link" | "app", _) => Channel::Referral,
        ("(none)" | "none" | "(not set)", None) => Channel::Direct,
        (_, Some(Site::Social)) => Channel::OrganicSocial,
        _ => Channel::Unassigned,
    }
}

/// `www.google.co.uk` and `google` are one site.
fn site(name: &str) -> Site {
    let is_part = |known: &&str| name.split('.').any(|part| part.eq_ignore_ascii_case(known));
    let is_host = |known: &&str| name.eq_ignore_ascii_case(known);
    if SEARCH_SITES.iter().any(is_part) {
        Site::Search
    } else if SOCIAL_SITES.iter().any(is_part) || SOCIAL_HOSTS.iter().any(is_host) {
        Site::Social
    } else {
        Site::Other
    }
}

/// The host of an address, without a port; nothing of what is no address.
pub(super) fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#', ':']).next()?;
    let start = host
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("www."));
    let host = start.map_or(host, |start| &host[start.len()..]);
    (!host.is_empty()).then_some(host)
}

/// The path of an address, or of what begins with a path: up to a question, a mark, or what a server hangs behind it.
pub(super) fn path(url: &str) -> Option<&str> {
    let rest = match url.split_once("://") {
        Some((_, rest)) => &rest[rest.find(['/', '?', '#']).unwrap_or(rest.len())..],
        None if url.starts_with('/') => url,
        None => return None,
    };
    rest.split(['?', '#', ';']).next()
}

#[cfg(test)]
mod tests {
    //! Where visitors say they come from, and by which channel they then came.

    use super::*;

    /// `utm newsletter/email`, `from https://a.b/c`, `clicked gclid`, in any combination; the shop is shop.example.
    fn check(said: &str, expected: &str) {
        let mut origin = Origin {
            url: Some("https://www.shop.example/product/7?color=red"),
            ..Origin::default()
        };
        for part in said.split(", ").filter(|part| !part.is_empty()) {
            match part.split_once(' ').expect("a word and what it says") {
                ("utm", labels) => {
                    let (source, medium) = labels.split_once('/').expect("source and medium");
                    origin.source = Some(source).filter(|source| !source.is_empty());
                    origin.medium = Some(medium).filter(|medium| !medium.is_empty());
                }
                ("from", referrer) => origin.referrer = Some(referrer),
                ("clicked", ids) => origin.click_ids = Some(ids),
                (word, _) => panic!("{word} is no such word"),
            }
        }
        assert_eq!(origin.channel().name(), expected, "{said}");
    }

    #[test]
    fn without_a_word_a_visit_is_direct_and_the_shops_own_pages_are_no_origin() {
        check("", "Direct");
        check("from https://shop.example/", "Direct");
        check("from https://www.shop.example/cart", "Direct");
        check("from not-an-address", "Direct");
        check("from https://", "Direct");
    }

    #[test]
    fn the_page_before_tells_search_social_and_other_sites() {
        check(
            "from https://www.google.co.uk/search?q=tea",
            "Organic Search",
        );
        check("from https://duckduckgo.com", "Organic Search");
        check("from https://l.facebook.com/l.php", "Organic Social");
        check("from https://t.co/x", "Organic Social");
        check("from https://blog.example:8080/tea", "Referral");
        check("from https://notgoogle.example/", "Referral");
    }

    #[test]
    fn labels_of_a_campaign_win_over_the_page_before() {
        check("utm spring/Email, from https://www.google.com/", "Email");
        check("utm google/cpc", "Paid Search");
        check("utm google/organic", "Organic Search");
        check("utm instagram/paid_social", "Paid Social");
        check("utm facebook/", "Organic Social");
        check("utm partner7/affiliate", "Affiliates");
        check("utm dsp/cpm", "Display");
        check("utm somewhere/cpc", "Paid Other");
        check("utm somewhere/odd", "Unassigned");
        check("utm somewhere/", "Unassigned");
        check("utm /(none)", "Direct");
        check("utm shop/sms", "SMS");
    }

    #[test]
    fn a_clicks_mark_tells_an_advertisement() {
        check(r#"clicked {"gclid":"a"}"#, "Paid Search");
        check(r#"clicked {"ttclid":"a"}"#, "Paid Social");
        // The network marks every link, paid or not.
        check(r#"clicked {"fbclid":"a"}"#, "Organic Social");
    }
}
