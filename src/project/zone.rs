//! The time zone in which periods begin at midnight.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::project::period::epoch;
use crate::sql::TimeUnit;

/// The time zone in which periods begin at midnight, and in which times without a zone are. Key:
/// `time_zone`; UTC if it is not stated.
///
/// The rules of the zones are part of the program, so the same input gives the same bounds on every
/// machine. Source: the time zone database of IANA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone(Option<TimeZone>);

/// The names of UTC.
const OF_UTC: [&str; 16] = [
    "UTC",
    "Etc/UTC",
    "UCT",
    "Etc/UCT",
    "Zulu",
    "Etc/Zulu",
    "Universal",
    "Etc/Universal",
    "GMT",
    "Etc/GMT",
    "GMT0",
    "Etc/GMT0",
    "Etc/GMT+0",
    "Etc/GMT-0",
    "Greenwich",
    "Etc/Greenwich",
];
/// Names that are no places. PostgreSQL takes the first four for abbreviations without summer time,
/// and has other clocks than the database of IANA.
const NO_PLACES: [&str; 6] = ["CET", "EET", "MET", "WET", "Etc/Unknown", "Factory"];

impl Zone {
    /// The zone with a name. `Err` has the names that exist.
    pub(crate) fn named(text: &str) -> Result<Self, Vec<String>> {
        let zones = TimeZoneDatabase::bundled();
        let is = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
        if is(&OF_UTC) {
            return Ok(Self::default());
        }
        match zones.get(text) {
            Ok(zone) if !is(&NO_PLACES) => Ok(Self(Some(zone))),
            _ => {
                let names = zones.available().map(|name| name.as_str().to_owned());
                Err(names.filter(|name| !NO_PLACES.contains(&name.as_str())).collect())
            }
        }
    }

    /// The name of the zone, such as Europe/Berlin. `None`: UTC.
    pub fn name(&self) -> Option<&str> {
        self.0.as_ref().and_then(TimeZone::iana_name)
    }

    /// The name of the zone in which the values of a unit are. Instants are in UTC. A timestamp or a
    /// day without a zone is in this zone.
    pub(crate) fn of(&self, unit: TimeUnit) -> &str {
        match unit {
            TimeUnit::Timestamp | TimeUnit::Date => self.name().unwrap_or("UTC"),
            TimeUnit::EpochSeconds | TimeUnit::EpochMillis | TimeUnit::Timestamptz => "UTC",
        }
    }

    /// The instant of a local time, in seconds since 1970. In the hour that clocks repeat, the first
    /// one. In the hour that they skip, the instant as if they had not.
    pub(crate) fn instant_of(&self, local: jiff::civil::DateTime) -> Option<i64> {
        Some(self.0.as_ref()?.to_zoned(local).ok()?.timestamp().as_second())
    }

    /// Whether the values of a unit are in a zone other than UTC.
    pub(crate) fn is_local(&self, unit: TimeUnit) -> bool {
        self.of(unit) != "UTC"
    }

    /// What clocks there show, less what clocks in UTC show, in seconds.
    pub(crate) fn offset_at(&self, epoch: i64) -> i64 {
        let Ok(at) = jiff::Timestamp::from_second(epoch) else { return 0 };
        self.0.as_ref().map_or(0, |zone| i64::from(zone.to_offset(at).seconds()))
    }

    /// The first instant of a day, in seconds since 1970. It is not midnight on a day on which
    /// clocks skip it.
    pub(crate) fn start_of(&self, day: Date) -> i64 {
        let start = self.0.as_ref().and_then(|zone| zone.to_zoned(day.at(0, 0, 0, 0)).ok());
        start.map_or_else(|| epoch(day), |start| start.timestamp().as_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::period::day;
    use crate::sql::literal::instant;

    fn start(zone: &str, text: &str) -> String {
        instant(Zone::named(zone).unwrap().start_of(day(text).unwrap()))
    }

    #[test]
    fn a_day_begins_at_midnight_on_both_sides_of_a_change_of_the_clock() {
        // 23 hours on the 30th of March, 25 hours on the 26th of October.
        let berlin = ["2026-03-29", "2026-03-30", "2026-10-25", "2026-10-26"].map(|day| start("Europe/Berlin", day));
        assert_eq!(
            berlin,
            ["2026-03-28 23:00:00", "2026-03-29 22:00:00", "2026-10-24 22:00:00", "2026-10-25 23:00:00"]
        );
        assert_eq!(start("Asia/Kolkata", "2026-04-01"), "2026-03-31 18:30:00");
        // Clocks in Beirut skip the hour after midnight.
        assert_eq!(start("Asia/Beirut", "2026-03-29"), "2026-03-28 22:00:00");
        assert_eq!(start("UTC", "2026-04-01"), "2026-04-01 00:00:00");
    }

    #[test]
    fn a_local_time_is_an_instant() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let read = |text: &str| instant(zone.instant_of(text.parse().unwrap()).unwrap());
        assert_eq!(read("2026-03-01T00:30:00"), "2026-02-28 23:30:00");
        assert_eq!(read("2026-10-25T02:30:00"), "2026-10-25 00:30:00");
        assert_eq!(zone.offset_at(1_772_321_400), 3_600);
        assert_eq!(Zone::default().instant_of("2026-03-01T00:30:00".parse().unwrap()), None);
    }

    #[test]
    fn names_of_zones_are_read_in_any_case() {
        assert_eq!(Zone::named("europe/berlin").unwrap().name(), Some("Europe/Berlin"));
        assert_eq!(Zone::named("UTC").unwrap().name(), None);
        assert_eq!(Zone::named("Etc/UTC").unwrap(), Zone::default());
        for name in ["Europe/Berln", "CET", "wet", "Factory", "Etc/Unknown"] {
            assert!(Zone::named(name).is_err(), "{name}");
        }
    }
}
