//! What both ends call things by: the reader in the journal, operations, commands.

/// The name of the uplink's reader in the journal.
pub const READER: &str = "uplink";

/// Kinds of operations, by the names of their fragments.
pub mod kind {
    pub const RESTART: &str = "c8y_Restart";
    pub const COMMAND: &str = "c8y_Command";
    pub const CONFIGURATION: &str = "c8y_Configuration";
    pub const UPLOAD: &str = "c8y_UploadConfigFile";
    pub const DOWNLOAD: &str = "c8y_DownloadConfigFile";
    pub const LOG_FILE: &str = "c8y_LogfileRequest";
    pub const MEASURE: &str = "c8y_MeasurementRequestOperation";
    /// What a command over a plain broker begins with; its name follows.
    pub const PLAIN: &str = "cmd/";
}

/// Throws away what cannot be had again: allowed only where the configuration names it.
pub const DROP: &str = "queue drop measurements";

/// Every command there is: its name, what it takes, what it does.
pub const COMMANDS: [(&str, &str, &str); 13] = [
    ("help", "", "the commands that are allowed"),
    ("version", "", "the version that runs"),
    ("uptime", "", "how long the box runs"),
    ("status", "", "the uplink in a few words"),
    ("meters", "", "every meter, and whether it answers"),
    ("meter", "SERIAL", "what was last known of a meter"),
    ("spaces", "", "every space that is told, and its count"),
    ("read", "SERIAL", "reads a meter now"),
    ("queue", "", "what waits to be sent"),
    (DROP, "", "throws values away that wait to be sent"),
    ("rules", "", "when alarms are raised, and which stand"),
    ("ack", "RULE", "the alarms of this rule were seen, and are not repeated"),
    (
        "log",
        "level LEVEL",
        "logs more or less until the configuration is read again",
    ),
];
