//! Every command of `emop` in one table (EMOP §13).

use super::action::Action;
use super::entry::{Entry, Opt};
use crate::meter::emop::ProfileLog;
use crate::meter::emop::tariff::Which;

use Action::*;

const fn reads(name: &'static str, about: &'static str, action: Action) -> Entry {
    takes(name, about, &[], action)
}

const fn takes(name: &'static str, about: &'static str, words: &'static [[&'static str; 2]], action: Action) -> Entry {
    Entry {
        name,
        about,
        words,
        options: &[],
        action,
    }
}

const fn with(name: &'static str, about: &'static str, options: &'static [Opt], action: Action) -> Entry {
    Entry {
        name,
        about,
        words: &[],
        options,
        action,
    }
}

const fn writes(
    name: &'static str,
    about: &'static str,
    words: &'static [[&'static str; 2]],
    options: &'static [Opt],
    action: Action,
) -> Entry {
    Entry {
        name,
        about,
        words,
        options,
        action,
    }
}

const SWITCH: &[[&str; 2]] = &[["ON|OFF", "on"]];
const OBIS: [&str; 2] = ["OBIS", "60.01.00"];
/// What every write may be told.
const DRY_RUN: Opt = Opt::flag("dry-run", "Show the frame and what it means, and send nothing");
const WHY: Opt = Opt::optional("why", "TEXT", "Why, for the audit of the box", "");
const NOW: Opt = Opt::flag("now", "In unfriendly hours too (meters.friendly_hours); needs --why");
const YES: Opt = Opt::flag(
    "yes",
    "Set the load switch without asking again; else the serial is typed on a terminal",
);
const TIMESTAMP: &[Opt] = &[Opt::required(
    "timestamp",
    "ISO",
    "From when on; without an offset UTC",
    "2026-02-10T12:00:00",
)];

/// All commands, in the order of the document.
#[rustfmt::skip] // a table
pub(super) const COMMANDS: &[Entry] = &[
    reads("env_show", "Say which environment counts", EnvShow),
    takes("env_set", "Use another environment: point ~/.simt/emlite.env at its file", &[["ENV", "prod"]], EnvSet),
    reads("version", "Print the version", Version),
    with("list", "List the meters", &[Opt::optional("esco", "CODE", "Of this supplier only", "hmce")], List),
    reads("info", "Show what the registry knows of a meter", Info),
    reads("clock_drift", "Show by how much a meter's clock was wrong when it was last compared", ClockDrift),
    reads("serial_to_name", "Say what people call a meter", SerialToName),

    reads("serial_read", "Read the serial", Value("serial")),
    reads("hardware", "Read what kind of meter it is", Hardware),
    reads("firmware_version", "Read the version of the firmware", Value("firmware_version")),
    reads("clock_time_read", "Read the clock", Value("time")),
    reads("csq", "Read the signal quality, 0 to 31", Value("csq_net_op")),
    reads("instantaneous_voltage", "Read the voltage, as the meter counts it", Fraction("instantaneous_voltage")),
    reads("instantaneous_active_power", "Read the power in kW", Kilo("instantaneous_active_power")),
    reads("instantaneous_active_power_element_a", "Read element A's imported power in kW", Kilo("element_a_instantaneous_active_power_import")),
    reads("instantaneous_active_power_element_b", "Read element B's imported power in kW", Kilo("element_b_instantaneous_active_power_import")),
    reads("backlight", "Read when the display is lit", Backlight),
    reads("load_switch", "Read when the button must be pressed to switch on", Value("load_switch")),
    reads("daylight_savings_correction_enabled", "Read whether the clock follows summer time", Value("daylight_savings_correction_flag")),
    reads("read", "Read all registers, in kWh and kvarh", Read),
    reads("read_element_a", "Read the registers of element A, in kWh and kvarh", Element("read_element_a")),
    reads("read_element_b", "Read the registers of element B, in kWh and kvarh", Element("read_element_b")),
    reads("three_phase_serial", "Read the EML… form of a three phase meter's serial", Value("three_phase_serial")),
    reads("three_phase_read", "Read the totals of a three phase meter, in kWh, kvarh and kVAh", Totals),
    reads("three_phase_instantaneous_voltage", "Read the voltages of three phases; one that fails is null", Voltages),
    reads("three_phase_hardware_configuration", "Read what kind of three phase meter it is", Value("three_phase_hardware_configuration")),

    with("clock_time_write", "Set the clock to the present moment, and read it back", &[DRY_RUN, WHY], ClockWrite),
    writes("backlight_write", "Set when the display is lit: normal_sp, always_on_sp, always_off_sp, 30_seconds_turn_off_3p, always_on_3p, always_off_3p", &[["SETTING", "always_on_sp"]], &[DRY_RUN, WHY], BacklightWrite),
    writes("load_switch_write", "Set when the button must be pressed: normal_button_always, no_button_prepay_mode, no_button_credit_mode, never_button_required. A prepayment meter cuts the load by itself at zero, and the box cannot stop that", &[["SETTING", "no_button_credit_mode"]], &[DRY_RUN, WHY, NOW, YES], LoadSwitchWrite),
    writes("daylight_savings_correction_enabled_write", "Set whether the clock follows summer time", SWITCH, &[DRY_RUN, WHY], FlagWrite("daylight_savings_correction_flag")),

    with("profile_log_1", "Read half hours of imports", TIMESTAMP, Action::ProfileLog(ProfileLog::One)),
    with("profile_log_2", "Read half hours of exports, reactive energy and voltage", TIMESTAMP, Action::ProfileLog(ProfileLog::Two)),
    takes("event_log", "Read ten events; 0: the newest ten, 9: the oldest", &[["IDX", "0"]], EventLog),
    with("three_phase_intervals", "Write the intervals of a three phase meter as CSV", &[
        Opt::optional("day", "DAY", "A whole day, UTC; wins over times", "2026-02-10"),
        Opt::optional("start-time", "ISO", "From when on", ""),
        Opt::optional("end-time", "ISO", "Until when, at most 24 hours later", ""),
        Opt::optional("csv", "FILE", "The file [default: standard output]", "day.csv"),
        Opt::flag("include_statuses", "With the nine flags of each interval"),
    ], Intervals),

    takes("obis_read", "Read any object: six hex digits, or three parts", &[OBIS], ObjectRead),
    writes("obis_write", "Write any object", &[["OBIS", "ff.ff.0d"], ["HEX", "01"]], &[DRY_RUN, WHY, NOW, YES], ObjectWrite),

    reads("prepay_balance", "Read what is paid in, in pounds", Value("prepay_balance")),
    reads("prepay_enabled", "Read whether it is paid for in advance", Value("prepay_enabled_flag")),
    reads("prepay_transaction_count", "Read the count of payments, less one", Value("monetary_info_transaction_count")),
    reads("prepay_no_debt_recovery_when_emergency_credit_enabled", "Read whether debt waits during emergency credit", Value("prepay_no_debt_recovery_when_emergency_credit_flag")),
    reads("prepay_no_standing_charge_when_power_fail_enabled", "Read whether the standing charge waits during a power cut", Value("prepay_no_standing_charge_when_power_fail_flag")),
    writes("prepay_enabled_write", "Set whether it is paid for in advance; `on` needs 10 GBP on the balance. A prepayment meter cuts the load by itself at zero, and the box cannot stop that", SWITCH, &[DRY_RUN, WHY, NOW], PrepayWrite),
    takes("prepay_send_token", "Send a top-up token of 20 digits, and look whether the balance rose; `-` reads it from standard input", &[["TOKEN|-", "-"]], TokenSend),

    reads("tariffs_active_read", "Read the tariff in force", TariffRead(Which::Active)),
    reads("tariffs_future_read", "Read the tariff to come", TariffRead(Which::Future)),
    with("tariffs_future_write", "Write the tariff to come, and read it back", &[
        Opt::required("from-ts", "ISO", "From when on, by the meter's own clock", "2026-04-01T00:00:00"),
        Opt::required("unit-rate", "GBP", "For a kWh", "0.23812"),
        Opt::required("standing-charge", "GBP", "For a day", "0.51082"),
        Opt::preset("emergency-credit", "GBP", "How far below zero the balance may go", "15.00"),
        Opt::preset("ecredit-availability", "GBP", "From which balance on that is offered", "10.00"),
        Opt::preset("debt-recovery-rate", "GBP", "Debt paid back in a day", "0.30"),
        DRY_RUN, WHY,
    ], TariffWrite),
    reads("tariffs_time_switches_element_a_or_single_read", "Read the switching times of element A, bytes", Bytes("tariff_time_switch_element_a_or_single")),
    reads("tariffs_time_switches_element_b_read", "Read the switching times of element B, bytes", Bytes("tariff_time_switch_element_b")),
];
