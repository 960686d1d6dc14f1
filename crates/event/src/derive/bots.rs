//! Programs among the user agents: words that no browser of a person uses, and the reason each gives.
//! Only the user agent is judged; a program that lies about it is found by what it does, not here.

use super::signs::Signs;

/// Words and the reason they give. Lower case, as the user agent is by then.
macro_rules! words {
    ($($word:literal)*) => {
        &[$(($word, concat!("user_agent: ", $word)),)*]
    };
}

type Words = &'static [(&'static str, &'static str)];

/// What such programs call themselves or do, whoever runs them.
const KINDS: Words = words! {
    "crawl" "spider" "slurp" "scrape" "archiver" "fetch" "indexer" "validator" "checker" "monitor" "preview"
    "headless" "phantomjs" "selenium" "puppeteer" "playwright" "lighthouse" "scanner" "link sleuth" "facebookexternalhit"
    "mediapartners" "google-" "googleother" "google favicon" "imageproxy" "imgproxy" "browserproxy" "flipboardproxy"
    "embedly" "whatsapp/" "skypeuripreview" "ia_archiver" "nutch" "ezooms" "pingdom" "uptime" "statuscake" "newrelic"
    "datadog" "ahrefs" "semrush" "mechanize" "heritrix" "httrack" "gptbot" "chatgpt-user" "perplexity-user" "claude-user"
    "anthropic-ai" "meta-externalagent" "yandexdirect" "yandeximages" "yandexmetrika" "bingpreview"
};

/// Readers of feeds, which come on a schedule and not with a visitor.
const FEEDS: Words = words! {
    "feedparser" "feedburner" "feedbin" "feedly" "feedzirra" "feedjira" "feeddemon" "newsblur" "newsgator" "rss/" "rss " "rssowl"
    "subscriber" "readers)" "theoldreader" "netvibes" "akregator" "liferea" "simplepie" "magpie" "superfeedr" "yarr"
};

/// Libraries and tools that send requests.
const TOOLS: Words = words! {
    "curl/" "wget" "libwww" "lwp::" "python-" "python/" "aiohttp" "httpx/" "httpclient" "http-client" "http_request"
    "http client" "go-http" "axios/" "node-fetch" "undici" "superagent" "guzzle" "postman" "insomnia/" "httpie/" "scrapy"
    "winhttp" "restsharp" "libcurl" "pycurl" "urllib" "okhttp-bot" "apachebench" "jmeter" "k6/" "gatling" "siege/"
    "indy library" "protocol discovery" "faraday" "typhoeus" "rest-client" "google desktop"
};

/// The same where the user agent begins with it: within others these words mean other things.
const TOOLS_AT_START: Words = words! {
    "java/" "ruby" "perl" "php" "node" "got " "dart/" "w3c" "jakarta" "deno/" "bun/" "rest" "http" "twisted" "urlgrabber"
};

/// Signs of somebody who says whom to complain to, which a browser never does.
const CONTACT: &str = "user_agent: contact address";
const NAMES_ITSELF: &str = "user_agent: bot";

/// Why a user agent, in lower case, is a program's; nothing if it is not.
pub(super) fn reason(user_agent: &Signs) -> Option<&'static str> {
    if names_itself_bot(user_agent) {
        return Some(NAMES_ITSELF);
    }
    let contained = [KINDS, FEEDS, TOOLS].into_iter().flatten();
    let at_start = TOOLS_AT_START.iter();
    contained
        .filter(|(word, _)| user_agent.contains(word))
        .chain(at_start.filter(|(word, _)| user_agent.text().starts_with(word)))
        .map(|(_, reason)| *reason)
        .next()
        .or_else(|| gives_contact(user_agent).then_some(CONTACT))
}

/// `bot` at the end of a word, as in `Googlebot/2.1`; the phones of the make Cubot are none.
fn names_itself_bot(user_agent: &Signs) -> bool {
    let text = user_agent.text();
    user_agent.contains("bot")
        && text.match_indices("bot").any(|(at, bot)| {
            let (before, after) = (&text[..at], &text[at + bot.len()..]);
            let after = after.strip_prefix('s').unwrap_or(after);
            let is_end = !after.starts_with(|next: char| next.is_ascii_alphabetic());
            is_end && !before.ends_with("cu")
        })
}

/// An address of the web or of mail. Browsers carry somebody's advertisement some times: there a plain address is none.
fn gives_contact(user_agent: &Signs) -> bool {
    let text = user_agent.text();
    let is_like_browser = (text.starts_with("mozilla/") || text.starts_with("opera/"))
        && user_agent.has_any(&[
            "msie",
            "trident/",
            "gecko",
            "applewebkit",
            "presto/",
            "khtml",
        ]);
    user_agent.has_any(&["+http", "+ http", "@"])
        || (!is_like_browser && user_agent.contains("://"))
}
