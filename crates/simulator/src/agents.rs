//! What visitors browse with: user agents as browsers send them, each with its kind of device and its share.
//! Behind them stand the crawlers, which say what they are and come only where bots are asked for.

/// A browser on a device.
#[derive(Debug)]
pub struct Agent {
    /// `desktop`, `mobile` or `tablet`.
    pub device: &'static str,
    /// The header.
    pub user_agent: &'static str,
    pub(crate) percent: u32,
}

const fn agent(device: &'static str, percent: u32, user_agent: &'static str) -> Agent {
    Agent {
        device,
        user_agent,
        percent,
    }
}

/// Phones first: most visits are theirs.
#[rustfmt::skip]
pub const AGENTS: [Agent; 20] = [
    agent("mobile", 13, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1"),
    agent("mobile", 9, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"),
    agent("mobile", 12, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"),
    agent("mobile", 7, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"),
    agent("mobile", 5, "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36"),
    agent("mobile", 3, "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"),
    agent("mobile", 4, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1"),
    agent("mobile", 2, "Mozilla/5.0 (Linux; Android 13; 22101316G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36 OPR/86.0.0.0"),
    agent("desktop", 12, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"),
    agent("desktop", 6, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"),
    agent("desktop", 5, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"),
    agent("desktop", 4, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"),
    agent("desktop", 5, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15"),
    agent("desktop", 4, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"),
    agent("desktop", 1, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0"),
    agent("desktop", 2, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"),
    agent("desktop", 1, "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"),
    agent("tablet", 2, "Mozilla/5.0 (iPad; CPU OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1"),
    agent("tablet", 2, "Mozilla/5.0 (Linux; Android 13; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"),
    agent("tablet", 1, "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/129.5.1 like Chrome/129.0.6668.102 Safari/537.36"),
];

/// Programs that say so. Their names end in what every list of bots looks for.
#[rustfmt::skip]
pub const CRAWLERS: [Agent; 5] = [
    agent("desktop", 0, "Mozilla/5.0 (compatible; FindAllBot/2.1; +https://search.example/bot.html)"),
    agent("mobile", 0, "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36 (compatible; FindAllBot/2.1; +https://search.example/bot.html)"),
    agent("desktop", 0, "Mozilla/5.0 (compatible; PriceSpider/1.4; +https://prices.example/crawler)"),
    agent("desktop", 0, "LinkCheckBot/0.9 (+https://links.example/)"),
    agent("desktop", 0, "python-requests/2.32.3"),
];

/// The agent of an index: browsers first, crawlers behind them.
pub(crate) fn agent_at(index: u8) -> &'static Agent {
    let index = usize::from(index);
    AGENTS
        .get(index)
        .unwrap_or_else(|| &CRAWLERS[index - AGENTS.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_complete_and_most_visits_are_mobile() {
        let percent = |device: &str| {
            AGENTS
                .iter()
                .filter(|agent| agent.device == device)
                .map(|agent| agent.percent)
                .sum::<u32>()
        };
        assert_eq!(
            (percent("mobile"), percent("desktop"), percent("tablet")),
            (55, 40, 5)
        );
    }
}
