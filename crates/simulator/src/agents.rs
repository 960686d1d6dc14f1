//! What visitors browse with: user agents as browsers send them, each with its kind of device and its share.
//! Crawlers are no visitors and not in the list.

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

/// Which of the agents someone uses.
pub(crate) fn agent_of_bits(bits: u64) -> u8 {
    let mut percent = (bits % 100) as u32;
    let mut index = 0;
    while percent >= AGENTS[index].percent {
        percent -= AGENTS[index].percent;
        index += 1;
    }
    index as u8
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
