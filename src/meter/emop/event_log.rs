//! The event log of single phase meters: a hundred events, ten at a time (EMOP §7).

use super::inferred::EventLayout;
use super::time::MeterTime;
use super::value::PayloadError;

/// Events of one reply.
pub const EVENTS_PER_PAGE: usize = 10;
/// Replies that hold all events; index 0 is the newest.
pub const PAGES: u8 = 10;

/// Something a meter noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeterEvent {
    pub at: MeterTime,
    /// What; 0 occurs, and means nothing.
    pub id: u8,
    /// How often that has happened, counted in a byte.
    pub set: u8,
}

/// Reads the events of a reply, newest first, as many as there are.
pub fn events(bytes: &[u8], layout: &EventLayout) -> Result<Vec<MeterEvent>, PayloadError> {
    let records = bytes.chunks_exact(layout.size);
    if !records.remainder().is_empty() {
        let held = bytes.len();
        return Err(PayloadError::Short {
            needed: held.next_multiple_of(layout.size),
            held,
        });
    }
    records
        .take(EVENTS_PER_PAGE)
        .map(|record| {
            let part = |at: usize| {
                record.get(at..).ok_or(PayloadError::Short {
                    needed: at + 1,
                    held: record.len(),
                })
            };
            let [a, b, c, d] = super::value::first(part(layout.timestamp)?)?;
            let [id] = super::value::first(part(layout.id)?)?;
            let [set] = super::value::first(part(layout.set)?)?;
            Ok(MeterEvent {
                at: MeterTime(u32::from_le_bytes([a, b, c, d])),
                id,
                set,
            })
        })
        .collect()
}

/// Whether an entry says that the power went.
#[must_use]
pub fn is_power_cut(id: u8) -> bool {
    matches!(id, 34 | 85)
}

/// Which of `times` have not been seen when `mark` is the newest that was: those strictly after it.
pub fn unseen(times: &[MeterTime], mark: Option<MeterTime>) -> impl Iterator<Item = usize> {
    let newer = move |(_, at): &(usize, &MeterTime)| mark.is_none_or(|mark| **at > mark);
    times.iter().enumerate().filter(newer).map(|(index, _)| index)
}

/// Whether older pages may hold unseen events: only while a whole page was unseen (EMOP §16.1).
#[must_use]
pub fn look_further(page: u8, unseen: usize) -> bool {
    unseen == EVENTS_PER_PAGE && page + 1 < PAGES
}

impl MeterEvent {
    /// The vendor's name for it, if it is known.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        name(self.id)
    }
}

/// The vendor's names, one misspelt, by number.
#[rustfmt::skip] // a table
/// Events that mean tampering or a fault of the meter.
const ALARMS: [u8; 16] = [1, 2, 3, 4, 6, 7, 8, 9, 10, 17, 26, 27, 37, 70, 71, 104];

/// The vendor's name of an event, where it is known.
#[must_use]
pub fn name(id: u8) -> Option<&'static str> {
    let place = NAMES.binary_search_by_key(&id, |(known, _)| *known).ok()?;
    Some(NAMES[place].1)
}

/// Whether somebody should look after such an event.
#[must_use]
pub fn is_alarm(id: u8) -> bool {
    ALARMS.contains(&id)
}

const NAMES: &[(u8, &str)] = &[
    (1, "BM_OVER_CURRENT"),
    (2, "BM_FAULTY_CONTACTOR"),
    (3, "BM_REVERSE_ENERGY_DETECT"),
    (4, "BM_TERMINAL_COVER_REMOVED"),
    (5, "BM_WATCHDOG_RESET"),
    (6, "BM_NV_WRITE_EXCEEDED"),
    (7, "BM_METROLOGY_ERROR"),
    (8, "BM_MEMORY_ERROR"),
    (9, "BM_MODULE_REMOVED"),
    (10, "BM_MAGNETIC_FRAUD"),
    (11, "BM_NON_LEGAL_TIME"),
    (15, "BM_SPAD_1_WRITE"),
    (16, "BM_SPAD_2_WRITE"),
    (17, "DSP_ERROR"),
    (18, "BM_COMMS_ERROR"),
    (19, "GW_COMMS_ERROR"),
    (20, "PF_TAG_1_ERROR"),
    (21, "PF_TAG_2_ERROR"),
    (22, "SPARE_0020"),
    (23, "SPARE_0040"),
    (24, "SPARE_0080"),
    (25, "NON_LEGAL_TIME"),
    (26, "MEMORY_TYPE"),
    (27, "MEMORY_ERROR"),
    (28, "WATCHDOG_RESET"),
    (29, "SW_IMAGE_WDOG"),
    (30, "SW_IMAGE_HES_PREVIOUS"),
    (31, "SW_IMAGE_APPLIED"),
    (32, "SW_IMAGE_BAD"),
    (33, "EVENT_POWER_UP"),
    (34, "EVENT_POWER_DN"),
    (35, "EVENT_IMAGE_RECEIVED"),
    (36, "EVENT_LOG_RESET_ID"),
    (37, "EVENT_IMAGE_ERROR"),
    (38, "DAILY_LOG_SNAPSHOT"),
    (39, "BILLING_LOG_SNAPSHOT"),
    (40, "DO_BIND_COMMAND"),
    (41, "DO_UNBIND_COMMAND"),
    (42, "NEW_IMAGE_APPLIED"),
    (43, "WATCHDOG_IMAGE_APPLIED"),
    (44, "PREVIOUS_IMAGE_APPLIED"),
    (48, "CREDIT_TOKEN_APPLIED"),
    (61, "HES_MSG_PENDING"),
    (62, "SM_COMMS_ERROR"),
    (63, "WAN_COMMS_ERROR"),
    (64, "HAN_COMMS_ERROR_GAS"),
    (65, "HAN_COMMS_ERROR_IHU"),
    (66, "HAN_API_NOT_RESPONDING"),
    (67, "SPARE_0040_2"),
    (68, "SPARE_0080_2"),
    (69, "NON_LEGAL_TIME_2"),
    (70, "MEMORY_TYPE_2"),
    (71, "MEMORY_ERROR_2"),
    (72, "WATCHDOG_RESET_2"),
    (73, "SW_IMAGE_WDOG_2"),
    (74, "SW_IMAGE_HES_PREVIOUS_2"),
    (75, "SW_IMAGE_APPLIED_2"),
    (76, "SW_IMAGE_BAD_2"),
    (77, "EVENT_IMAGE_RECEIVED_2"),
    (78, "EVENT_LOG_RESET_ID_2"),
    (80, "HAN_DEVICE_JOINED"),
    (81, "HAN_DEVICE_LEFT"),
    (83, "INVALID_WAN_MESSAGE"),
    (84, "EVENT_POWER_UP_2"),
    (85, "EVENT_POWER_DOWN"),
    (86, "LAST_GASP_SENT_TO_HES"),
    (87, "ALARM_SENT_TO_HES"),
    (88, "EVENT_IMAGE_ERROR_2"),
    (89, "GW_DO_UNBIND_COMMAND"),
    (90, "GW_DO_BIND_COMMAND"),
    (91, "GW_NEW_IMAGE_APPLIED"),
    (92, "GW_WATCHDOG_IMAGE_APPLIED"),
    (93, "GW_PREVIOUS_IMAGE_APPLIED"),
    (94, "GSM_RESET_NO_CONNECTION"),
    (95, "STATUS_WORD_RESET"),
    (96, "ZIGBEE_GET_SW_VER_ERR"),
    (97, "ZIGBEE_SEND_MAC_LINK_ERR"),
    (98, "ZIGBEE_SHUTODWN_ERR"),
    (99, "ZIGBEE_ACTIVE_IMAGE_ERR"),
    (104, "LISTENING_SOCKET_ABORTED"),
    (105, "AUTO_ROAMING_DISABLE"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_stand_in_the_order_of_their_numbers() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        let event = |id| MeterEvent {
            at: MeterTime(1),
            id,
            set: 0,
        };
        assert_eq!(event(48).name(), Some("CREDIT_TOKEN_APPLIED"));
        assert_eq!(
            (event(0).name(), event(52).name(), event(255).name()),
            (None, None, None)
        );
    }

    #[test]
    fn older_pages_are_looked_at_only_after_a_whole_unseen_one() {
        assert!(look_further(0, 10) && look_further(8, 10));
        assert!(!look_further(0, 9) && !look_further(9, 10));
    }

    proptest! {
        #[test]
        fn any_bytes_are_events_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
            let read = events(&bytes, &EventLayout::default());
            prop_assert_eq!(read.map(|events| events.len()).ok(), bytes.len().is_multiple_of(6).then(|| (bytes.len() / 6).min(10)));
        }
    }
}
