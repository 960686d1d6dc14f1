//! Kinds of devices, as the column `device_type` names them. Which one a user agent is, `user_agent` tells.

/// What a visitor holds in hand, or that there is no visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceType {
    /// A computer on a desk or a lap.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet or a reader of books.
    Tablet,
    /// A television or the box below it.
    Tv,
    /// A program.
    Bot,
    /// Consoles, glasses, watches, and what does not say.
    Other,
}

impl DeviceType {
    /// Every kind.
    pub const ALL: [DeviceType; 6] = [
        DeviceType::Desktop,
        DeviceType::Mobile,
        DeviceType::Tablet,
        DeviceType::Tv,
        DeviceType::Bot,
        DeviceType::Other,
    ];

    /// The value of the column.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DeviceType::Desktop => "desktop",
            DeviceType::Mobile => "mobile",
            DeviceType::Tablet => "tablet",
            DeviceType::Tv => "tv",
            DeviceType::Bot => "bot",
            DeviceType::Other => "other",
        }
    }

    /// The kind of this name, in whatever letter case.
    #[must_use]
    pub fn parse(name: &str) -> Option<DeviceType> {
        DeviceType::ALL
            .into_iter()
            .find(|device| device.name().eq_ignore_ascii_case(name))
    }
}
