//! User agents as they are sent, each with what a person who reads it would say. Written by hand, not by the code.

use super::{DeviceType, READ_BYTES_MAX, UserAgent};

/// One user agent a line: device, browser, system, then the text; `-` where it does not say.
fn check(table: &str) {
    let mut wrong = String::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (expected, text) = line.split_once(" | ").expect("two parts a line");
        let found = UserAgent::read(text).map_or_else(|| "nothing".to_owned(), told);
        if found != expected {
            wrong += &format!("\n{text}\n  expected {expected}\n     found {found}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn told(read: UserAgent) -> String {
    assert_eq!(read.device == DeviceType::Bot, read.bot.is_some());
    format!(
        "{}, {}, {}",
        read.device.name(),
        read.browser.unwrap_or("-"),
        read.os.unwrap_or("-")
    )
}

#[test]
fn computers() {
    check(
        "desktop, Chrome, Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
         desktop, Edge, Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.86
         desktop, Edge, Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763
         desktop, Firefox, Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0
         desktop, Opera, Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0
         desktop, Opera, Windows | Opera/9.80 (Windows NT 6.1; WOW64; U; ru) Presto/2.10.289 Version/12.01
         desktop, Yandex Browser, Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 YaBrowser/24.6.0.0 Safari/537.36
         desktop, Vivaldi, Windows | Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/113.0.0.0 Safari/537.36 Vivaldi/6.0.2979.18
         desktop, Internet Explorer, Windows | Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko
         desktop, Internet Explorer, Windows | Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; SLCC2; Media Center PC 6.0; Tablet PC 2.0)
         desktop, Safari, macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15
         desktop, Chrome, macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
         desktop, Firefox, macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0
         desktop, Firefox, Linux | Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0
         desktop, Chrome, Linux | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
         desktop, Chromium, Linux | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/32.0.1700.102 Chrome/32.0.1700.102 Safari/537.36
         desktop, Chrome, ChromeOS | Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
         desktop, Firefox, BSD | Mozilla/5.0 (X11; FreeBSD amd64; rv:122.0) Gecko/20100101 Firefox/122.0
         desktop, Konqueror, BSD | Mozilla/5.0 (compatible; Konqueror/3.5; OpenBSD) KHTML/3.5.9 (like Gecko)
         desktop, SeaMonkey, macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10.5; rv:10.0.1) Gecko/20100101 Firefox/10.0.1 SeaMonkey/2.7.1
         desktop, Pale Moon, Windows | Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:24.0) Gecko/20140208 Firefox/24.0 PaleMoon/24.3.2",
    );
}

#[test]
fn phones() {
    check(
        "mobile, Safari, iOS | Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1
         mobile, Chrome, iOS | Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1
         mobile, Firefox, iOS | Mozilla/5.0 (iPhone; CPU iPhone OS 14_7_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/133.0 Mobile/15E148 Safari/605.1.15
         mobile, Edge, iOS | Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 EdgiOS/131.0.2903.68 Mobile/15E148 Safari/605.1.15
         mobile, Google App, iOS | Mozilla/5.0 (iPhone; CPU iPhone OS 16_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/248.1.504392274 Mobile/15E148 Safari/604.1
         mobile, Facebook App, iOS | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21F90 [FBAN/FBIOS;FBAV/470.0.0.35.105;FBBV/611953321;FBDV/iPhone14,5]
         mobile, Instagram App, iOS | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 339.0.0.18.87
         mobile, iOS WebView, iOS | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148
         mobile, Safari, iOS | Mozilla/5.0 (iPod; CPU iPhone OS 6_1_3 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) Version/6.0 Mobile/10B329 Safari/8536.25
         mobile, Chrome, Android | Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36
         mobile, Samsung Internet, Android | Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36
         mobile, Firefox, Android | Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0
         mobile, Android WebView, Android | Mozilla/5.0 (Linux; Android 13; Pixel 7 Build/TQ3A.230901.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36
         mobile, TikTok App, Android | Mozilla/5.0 (Linux; Android 12; M2101K6G; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/103.0.5060.129 Mobile Safari/537.36 trill_2022800000 BytedanceWebview/d8a21c6
         mobile, WeChat, Android | Mozilla/5.0 (Linux; Android 13; V2218A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.43.2480(0x28002B51)
         mobile, Mi Browser, Android | Mozilla/5.0 (Linux; U; Android 12; en-us; Redmi Note 11) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.127 Mobile Safari/537.36 XiaoMi/MiuiBrowser/13.24.1-gn
         mobile, Android Browser, Android | Mozilla/5.0 (Linux; U; Android 2.3.6; en-gb; GT-S5570I Build/GINGERBREAD) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1
         mobile, Opera Mini, Java ME | Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/34.1244; U; en) Presto/2.8.119 Version/11.10
         mobile, Internet Explorer, Windows Phone | Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; Touch; NOKIA; Lumia 920)
         mobile, Edge, Windows Phone | Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15063
         mobile, BlackBerry Browser, BlackBerry | Mozilla/5.0 (BB10; Touch) AppleWebKit/537.35+ (KHTML, like Gecko) Version/10.3.3.3216 Mobile Safari/537.35+
         mobile, Firefox, KaiOS | Mozilla/5.0 (Mobile; Nokia_2720_Flip; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.2
         mobile, Chrome, Android | Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.99 Mobile Safari/537.36
         mobile, Chrome, Android | Mozilla/5.0 (Linux; Android 4.4.2; Nexus 5 Build/KOT49H) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.99 Mobile Safari/537.36
         mobile, App, Android | Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A.220624.014)
         mobile, App, - | okhttp/4.12.0
         mobile, App, iOS | ShopApp/5.2.1 CFNetwork/1494.0.7 Darwin/23.4.0",
    );
}

#[test]
fn tablets_and_readers() {
    check(
        "tablet, Safari, iOS | Mozilla/5.0 (iPad; CPU OS 12_5_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1
         tablet, Chrome, iOS | Mozilla/5.0 (iPad; CPU OS 7_0_4 like Mac OS X) AppleWebKit/537.51.1 (KHTML, like Gecko) CriOS/32.0.1700.21 Mobile/11B554a Safari/9537.53
         tablet, Chrome, Android | Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36
         tablet, Chrome, Android | Mozilla/5.0 (Linux; Android 10; Lenovo TB-X606F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.45 Safari/537.36
         tablet, Firefox, Android | Mozilla/5.0 (Android 13; Tablet; rv:109.0) Gecko/118.0 Firefox/118.0
         tablet, Android Browser, Android | Mozilla/5.0 (Linux; U; Android 2.2; en-gb; GT-P1000 Build/FROYO) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1
         tablet, Silk, Android | Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/108.4.6 like Chrome/108.0.5359.160 Safari/537.36
         tablet, Kindle Browser, Linux | Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ (KHTML, like Gecko) Version/5.0 Safari/533.2+ Kindle/3.0+
         tablet, Safari, BlackBerry | Mozilla/5.0 (PlayBook; U; RIM Tablet OS 2.1.0; en-US) AppleWebKit/536.2+ (KHTML, like Gecko) Version/7.2.1.0 Safari/536.2+",
    );
}

#[test]
fn televisions_consoles_and_glasses() {
    check(
        "tv, Samsung Internet, Tizen | Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/4.0 Chrome/76.0.3809.146 TV Safari/537.36
         tv, Chrome, webOS | Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.4280.88 Safari/537.36 WebAppManager
         tv, Silk, Android | Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7642; wv) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.1.4 like Chrome/120.0.6099.118 Safari/537.36
         tv, Chrome, Android | Mozilla/5.0 (Linux; Android 9; BRAVIA 4K UR2 Build/PTT1.190515.001) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.45 Safari/537.36
         tv, Chrome, Linux | Mozilla/5.0 (Linux; armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.225 Safari/537.36 CrKey/1.56.500000
         tv, -, Roku OS | Roku/DVP-12.0 (12.0.0.4182-88)
         tv, -, tvOS | AppleTV11,1/11.1
         tv, Opera, Linux | Mozilla/5.0 (Linux; NetCast; U) AppleWebKit/537.31 (KHTML, like Gecko) SmartTV/5.0 HbbTV/1.2.1 OPR/46.0
         other, PlayStation Browser, PlayStation | Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko)
         other, Edge, Xbox | Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/48.0.2564.82 Safari/537.36 Edge/20.02
         other, Nintendo Browser, Nintendo | Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/606.4 (KHTML, like Gecko) NF/6.0.1.15.4 NintendoBrowser/5.1.0.20393
         other, Meta Quest Browser, Android | Mozilla/5.0 (X11; Linux x86_64; Quest 3; Android 12) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/33.0.0.25.43 Chrome/124.0.6367.118 VR Safari/537.36",
    );
}

#[test]
fn programs() {
    check(
        "bot, -, - | Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
         bot, Chrome, Android | Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.69 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
         bot, Safari, macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)
         bot, -, - | Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)
         bot, -, - | Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)
         bot, -, - | Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)
         bot, -, - | Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)
         bot, -, - | Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)
         bot, -, - | facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)
         bot, -, - | Twitterbot/1.0
         bot, -, - | WhatsApp/2.23.20.0
         bot, -, - | Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)
         bot, -, - | Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)
         bot, -, - | Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)
         bot, Chrome, Linux | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/124.0.0.0 Safari/537.36
         bot, -, - | curl/8.5.0
         bot, -, Linux | Wget/1.12 (linux-gnu)
         bot, -, - | python-requests/2.31.0
         bot, -, - | Go-http-client/2.0
         bot, -, - | Java/1.8.0_201
         bot, -, - | axios/1.6.7
         bot, -, - | PostmanRuntime/7.36.1
         bot, -, - | Apache-HttpClient/4.5.13 (Java/11.0.21)
         bot, -, - | Tiny Tiny RSS/1.11 (http://tt-rss.org/)
         bot, -, - | Feedfetcher-Google; (+http://www.google.com/feedfetcher.html; 22 subscribers; feed-id=8321906634162087507)
         bot, -, - | Mozilla/5.0 (compatible; Ezooms/1.0; help@moz.com)
         bot, -, - | BUbiNG (+http://law.di.unimi.it/BUbiNG.html)",
    );
}

#[test]
fn what_says_nothing_is_nothing_and_what_says_little_is_other() {
    for text in ["", " ", "-", "\t"] {
        assert_eq!(UserAgent::read(text), None, "{text:?}");
    }
    check(
        "other, -, - | Mozilla/5.0
         other, -, - | Mozilla/4.0 (compatible;)
         other, -, - | 12345
         other, -, - | ()<>;\"'\\%00
         other, -, - | 浏览器
         desktop, Internet Explorer, Windows | Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; http://www.tropicdesigns.example)",
    );
}

#[test]
fn of_a_very_long_one_only_the_beginning_is_read() {
    let chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 ";
    let padded = |letter: &str, word: &str| {
        let text = format!("{chrome}{} {word}", letter.repeat(8_192));
        UserAgent::read(&text).map(told)
    };
    let expected = Some("desktop, Chrome, Windows".to_owned());
    assert_eq!(padded("x", "Googlebot/2.1"), expected);
    assert_eq!(padded("é", ""), expected);
    assert_eq!(padded("🛒", ""), expected);
    let head = "x".repeat(READ_BYTES_MAX - 4) + " bot";
    assert_eq!(
        UserAgent::read(&head).map(|read| read.device),
        Some(DeviceType::Bot)
    );
}

#[test]
fn the_reason_names_the_word_that_gave_a_program_away() {
    let reason = |text| UserAgent::read(text).and_then(|read| read.bot);
    assert_eq!(reason("curl/8.5.0"), Some("user_agent: curl/"));
    assert_eq!(reason("bingbot/2.0"), Some("user_agent: bot"));
    let contact = "distilator/0.1 (http://people.example.org/distilator/)";
    assert_eq!(reason(contact), Some("user_agent: contact address"));
    assert_eq!(
        reason("Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0"),
        None
    );
}
