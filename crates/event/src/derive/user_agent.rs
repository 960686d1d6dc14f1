//! What a user agent tells: kind of device, browser, operating system, and whether a program sent it.
//! Families only, no versions or models: browsers have frozen those, and no number here is split by them.

use super::DeviceType;
use super::bots;
use super::signs::Signs;

/// Of a longer text only so much is read: what identifies it stands in front, and 8 kB of noise shall cost no more.
pub const READ_BYTES_MAX: usize = 1_024;

/// What was read from a user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAgent {
    /// What the visitor holds; `Bot` where there is no visitor.
    pub device: DeviceType,
    /// Family of the browser or app.
    pub browser: Option<&'static str>,
    /// Family of the operating system.
    pub os: Option<&'static str>,
    /// Why it is a program's, where it is.
    pub bot: Option<&'static str>,
}

/// A sign and what it stands for; tables are read in order and the first sign found decides.
type Table = &'static [(&'static str, &'static str)];

/// Apps and the rarer browsers come first: nearly all of them call themselves Chrome and Safari too.
const BROWSERS: Table = &[
    ("fban/", "Facebook App"),
    ("fbav/", "Facebook App"),
    ("fb_iab", "Facebook App"),
    ("instagram", "Instagram App"),
    ("micromessenger", "WeChat"),
    ("bytedancewebview", "TikTok App"),
    ("musical_ly", "TikTok App"),
    ("snapchat", "Snapchat App"),
    ("pinterest/", "Pinterest App"),
    (" line/", "LINE App"),
    ("gsa/", "Google App"),
    ("edg/", "Edge"),
    ("edga/", "Edge"),
    ("edgios/", "Edge"),
    ("edge/", "Edge"),
    ("opera mini", "Opera Mini"),
    ("opios/", "Opera Mini"),
    ("opr/", "Opera"),
    ("opera", "Opera"),
    ("opt/", "Opera"),
    ("samsungbrowser/", "Samsung Internet"),
    ("yabrowser/", "Yandex Browser"),
    ("vivaldi/", "Vivaldi"),
    ("ucbrowser", "UC Browser"),
    ("ucweb", "UC Browser"),
    ("duckduckgo/", "DuckDuckGo"),
    ("ddg/", "DuckDuckGo"),
    ("brave/", "Brave"),
    ("whale/", "Whale"),
    ("miuibrowser/", "Mi Browser"),
    ("huaweibrowser/", "Huawei Browser"),
    ("heytapbrowser/", "HeyTap Browser"),
    ("vivobrowser/", "Vivo Browser"),
    ("qqbrowser/", "QQ Browser"),
    ("silk/", "Silk"),
    ("kindle/", "Kindle Browser"),
    ("oculusbrowser/", "Meta Quest Browser"),
    ("palemoon/", "Pale Moon"),
    ("seamonkey/", "SeaMonkey"),
    ("iceweasel", "Firefox"),
    ("focus/", "Firefox Focus"),
    ("klar/", "Firefox Focus"),
    ("fxios/", "Firefox"),
    ("firefox", "Firefox"),
    ("crios/", "Chrome"),
    ("chromium/", "Chromium"),
    ("iemobile", "Internet Explorer"),
    ("msie ", "Internet Explorer"),
    ("trident/", "Internet Explorer"),
    ("konqueror", "Konqueror"),
    ("epiphany/", "Epiphany"),
    ("lynx/", "Lynx"),
    ("links ", "Links"),
    ("w3m/", "w3m"),
    ("elinks", "Links"),
    ("nintendobrowser/", "Nintendo Browser"),
    ("playstation", "PlayStation Browser"),
    ("netfront/", "NetFront"),
    ("nokiabrowser/", "Nokia Browser"),
    ("blackberry", "BlackBerry Browser"),
    ("bb10", "BlackBerry Browser"),
    ("semc-browser/", "Sony Ericsson Browser"),
    ("up.browser/", "Openwave"),
    ("; wv)", "Android WebView"),
    ("chrome/", "Chrome"),
    ("cfnetwork/", "App"),
    ("dalvik/", "App"),
    ("okhttp/", "App"),
];

/// Television and console first, then phones: they too say Android, Linux or Windows.
const SYSTEMS: Table = &[
    ("windows phone", "Windows Phone"),
    ("windows ce", "Windows Phone"),
    ("windows mobile", "Windows Phone"),
    ("xbox", "Xbox"),
    ("playstation", "PlayStation"),
    ("nintendo", "Nintendo"),
    ("tizen", "Tizen"),
    ("web0s", "webOS"),
    ("webos", "webOS"),
    ("hpwos", "webOS"),
    ("roku", "Roku OS"),
    ("appletv", "tvOS"),
    ("apple tv", "tvOS"),
    ("tvos", "tvOS"),
    ("kaios", "KaiOS"),
    ("harmonyos", "HarmonyOS"),
    ("openharmony", "HarmonyOS"),
    ("like android", "Linux"),
    ("android", "Android"),
    ("iphone", "iOS"),
    ("ipad", "iOS"),
    ("ipod", "iOS"),
    ("blackberry", "BlackBerry"),
    ("bb10", "BlackBerry"),
    ("playbook", "BlackBerry"),
    ("symb", "Symbian"),
    ("series60", "Symbian"),
    ("series40", "Series 40"),
    ("bada/", "Bada"),
    ("meego", "MeeGo"),
    ("cros ", "ChromeOS"),
    ("windows", "Windows"),
    ("win98", "Windows"),
    ("macintosh", "macOS"),
    ("mac os", "macOS"),
    ("mac_powerpc", "macOS"),
    ("freebsd", "BSD"),
    ("openbsd", "BSD"),
    ("netbsd", "BSD"),
    ("sunos", "Solaris"),
    ("j2me", "Java ME"),
    ("midp", "Java ME"),
    ("linux", "Linux"),
    ("x11", "Linux"),
];

/// Glasses, watches and consoles: none of the named kinds, though their systems say Android or Windows.
const OTHERS: &[&str] = &[
    "xbox",
    "playstation",
    "nintendo",
    "oculusbrowser",
    "quest ",
    "watch os",
    "watchos",
    "sm-r8",
];

const TELEVISIONS: &[&str] = &[
    "smart-tv",
    "smarttv",
    "smart tv",
    "googletv",
    "google tv",
    "android tv",
    "androidtv",
    "appletv",
    "apple tv",
    "tvos",
    "hbbtv",
    "roku",
    "crkey",
    "; aft",
    "web0s",
    "webos.tv",
    "netcast",
    "bravia",
    "philipstv",
    "nettv",
    " tv build",
    "ce-html",
    "viera",
    "shield android",
    "dtv",
    "mibox",
];

const TABLETS: &[&str] = &[
    "ipad",
    "playbook",
    "kindle",
    "touchpad",
    "tablet;",
    "tablet build",
    "nexus 7",
    "nexus 9",
    "nexus 10",
    "sm-t",
    "sm-x",
    "gt-p",
    "mediapad",
    "lenovo tab",
    "lenovo tb",
    "xoom",
];

const PHONES: &[&str] = &[
    "iphone",
    "ipod",
    "mobi",
    "windows phone",
    "windows ce",
    "blackberry",
    "bb10",
    "opera mini",
    "symb",
    "series60",
    "series40",
    "midp",
    "j2me",
    "kaios",
    "nokia",
    "samsung-",
    "up.browser",
    "phone",
    "maui",
];

impl UserAgent {
    /// Reads a user agent; an empty one, or the dash that logs write for none, says nothing.
    #[must_use]
    pub fn read(text: &str) -> Option<UserAgent> {
        let text = text.trim();
        if text.is_empty() || text == "-" {
            return None;
        }
        let signs = Signs::of(text, READ_BYTES_MAX);
        let bot = bots::reason(&signs);
        Some(UserAgent {
            device: match bot {
                Some(_) => DeviceType::Bot,
                None => device(&signs),
            },
            browser: browser(&signs),
            os: system(&signs),
            bot,
        })
    }
}

/// Safari and the old browser of Android say so little that they are told by what is missing.
fn browser(signs: &Signs) -> Option<&'static str> {
    if let Some(named) = first(BROWSERS, signs) {
        return Some(named);
    }
    let is_webkit = signs.contains("applewebkit");
    let is_apple = signs.has_any(&["iphone", "ipad", "ipod", "macintosh"]);
    if signs.contains("android") && is_webkit {
        Some("Android Browser")
    } else if signs.contains("version/") && signs.contains("safari/") {
        Some("Safari")
    } else if is_webkit && is_apple {
        Some(if signs.contains("safari/") {
            "Safari"
        } else {
            "iOS WebView"
        })
    } else {
        None
    }
}

fn system(signs: &Signs) -> Option<&'static str> {
    first(SYSTEMS, signs).or_else(|| {
        // Apps of Apple's systems name only the kernel: of a computer it says so, or the library does.
        let is_computer = signs.contains("x86_64") || signs.contains("mac");
        signs
            .contains("darwin/")
            .then_some(if is_computer { "macOS" } else { "iOS" })
    })
}

fn device(signs: &Signs) -> DeviceType {
    if signs.has_any(OTHERS) {
        return DeviceType::Other;
    }
    let is_windows = signs.contains("windows nt");
    let is_television =
        signs.has_any(TELEVISIONS) || (signs.contains("tizen") && signs.contains("tv"));
    if is_television && !is_windows {
        return DeviceType::Tv;
    }
    let is_tablet = signs.has_any(TABLETS) || (signs.contains("silk/") && !signs.contains("mobi"));
    if is_tablet && !is_windows {
        return DeviceType::Tablet;
    }
    if signs.contains("android") {
        return android_device(signs);
    }
    if signs.has_any(PHONES) {
        return DeviceType::Mobile;
    }
    match system(signs) {
        Some("Windows" | "macOS" | "Linux" | "BSD" | "ChromeOS" | "Solaris") => DeviceType::Desktop,
        Some("iOS" | "Android" | "HarmonyOS") => DeviceType::Mobile,
        _ if signs.contains("okhttp/") => DeviceType::Mobile,
        _ => DeviceType::Other,
    }
}

/// Browsers of Android phones say `Mobile` and those of tablets do not; apps never do and are mostly on phones.
fn android_device(signs: &Signs) -> DeviceType {
    let is_browser = signs.has_any(&["applewebkit", "gecko/"]);
    if is_browser && !signs.contains("mobi") {
        DeviceType::Tablet
    } else {
        DeviceType::Mobile
    }
}

fn first(table: Table, signs: &Signs) -> Option<&'static str> {
    let found = table.iter().find(|(sign, _)| signs.contains(sign));
    found.map(|(_, name)| *name)
}
