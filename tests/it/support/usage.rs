//! What a process takes: memory and processor time, as the kernel counts them (proc_pid_status(5), proc_pid_stat(5)).

use std::time::Duration;

/// Kibibytes of memory that a process holds.
pub fn resident_kib(process: u32) -> u64 {
    kib(process, "VmRSS:")
}

/// The most that it ever held.
pub fn peak_kib(process: u32) -> u64 {
    kib(process, "VmHWM:")
}

fn kib(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Processor time that it took so far, in steps of 10 ms.
pub fn processor_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    // utime and stime are fields 14 and 15; the state, first here, is field 3.
    let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(10 * ticks)
}
