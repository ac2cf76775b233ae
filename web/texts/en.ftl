# What people read, in English. A text a name; places for values stand in braces; forms for counts as in
# https://projectfluent.org. Other languages lie beside this one; what they have not is shown in English.

# Moments
ago-now = just now
ago-minutes = { $count ->
    [one] { $count } minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] { $count } hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [one] { $count } day ago
   *[other] { $count } days ago
}
ahead-now = in a moment
ahead-minutes = { $count ->
    [one] in { $count } minute
   *[other] in { $count } minutes
}
ahead-hours = { $count ->
    [one] in { $count } hour
   *[other] in { $count } hours
}
ahead-days = { $count ->
    [one] in { $count } day
   *[other] in { $count } days
}
weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

# The shell around every page
shell-skip = Skip to content
shell-pages = Pages
shell-building = Building
shell-energy = Energy
shell-spaces = Spaces
shell-money = Money
shell-box = Box
shell-home = Home
shell-use = Use
shell-consents = Consents
shell-sign-out = Sign out
shell-language = Language
shell-things = { $count ->
    [one] { $count } thing wants you
   *[other] { $count } things want you
}
role-admin = admin
role-installer = installer
role-doorman = doorman
role-viewer = viewer
role-resident = resident

# Languages
languages-title = Languages
languages-how = Pages can be read in these languages. What one of them has not is shown in English.
languages-checked = Every text was written or checked by somebody who speaks it.
languages-unchecked = { $count ->
    [one] { $count } text was checked by nobody who speaks it. Whoever does is asked to help.
   *[other] { $count } texts were checked by nobody who speaks it. Whoever does is asked to help.
}
languages-which = Which

# The first page
start-well = All is well.
start-seen = Seen
tile-meters = Meters
tile-meters-answer = { $count } of { $total } answer
tile-meters-all = all are heard
tile-meters-waiting = { $count } not asked yet
tile-meters-worst = longest silent: { $name }, { $age }
tile-meters-never = { $name } never answered
tile-energy = Energy today
tile-energy-kwh = { $energy } kWh
tile-energy-yesterday = by now yesterday { $energy } kWh
tile-people = People
tile-people-of = { $count } of { $maximum }
tile-people-nobody = nobody is in
tile-people-fullest = fullest: { $name }
tile-people-full = { $name } is full
tile-cloud = Cloud
tile-cloud-behind = { $count } behind
tile-cloud-connected = { $sent } sent, connected { $age }
tile-cloud-away = not connected
tile-cloud-waiting = { $count ->
    [one] { $count } entry waits
   *[other] { $count } entries wait
}
tile-backup = Backup
tile-backup-never = never
tile-backup-do = back it up, or choose where to
tile-backup-trouble = the last one failed
tile-backup-keys = with keys
tile-backup-no-keys = the keys were left out
load-title = Load of the house today
load-time = From
load-used = Used (kWh)
load-usual = usually
load-given = given back
load-others = others
load-in-part = known in part
beats-title = How meters were heard today
beats-all = all { $count }
beats-read = read
beats-late = late
beats-waits = waits
beats-gap = missing
beats-told = { $name }: { $read } of { $over } half-hours
ends-title = Certificates, 90 days
ends-now = now
ends-over = over
ends-renewal = renewal
ends-end = end
ends-door = Door
ends-told = { $door }: ends { $end }
ends-told-renewal = { $door }: renewed { $renewal }, else ends { $end }
plot-table = As a table
plot-csv = For a spreadsheet (CSV)

# All meters
energy-title = Energy
energy-answer = { $count ->
    [one] { $count } answers
   *[other] { $count } answer
}
energy-silent = { $count ->
    [one] { $count } does not
   *[other] { $count } do not
}
energy-settle = Look at meter { $meter }
energy-settle-code = whether it took the code of { $made } only a person can say
energy-none = No meter yet.
energy-none-add = Add one:
energy-find = Find
energy-sort = Order
energy-sort-worst = worst first
energy-sort-name = name
energy-sort-power = power now
energy-sort-balance = least left
energy-only = Only
energy-only-all = all
energy-only-silent = silent
energy-only-gaps = with half-hours to fetch
energy-only-low = low balance
energy-feeder = Feeder
energy-show = Show
energy-found-none = No meter is like that.
energy-all = All meters
energy-name = Meter
energy-state = State
energy-now = Now
energy-today = Today
energy-days = 14 days
energy-fortnight = kWh a day, the last 14 days: { $days }
energy-balance = Left
energy-low = low
energy-signal = Signal
energy-heard = Heard
energy-sum = { $count } meters
energy-before = ‹ before
energy-after = after ›
energy-found = { $count } in all
signal-weak = weak
signal-fair = fair
signal-good = good
signal-strong = strong
counts-common = common parts
counts-main = main meter
counts-generation = generation

# Spaces
spaces-title = Spaces
spaces-shown = { $count } shown
spaces-more-there = , there are more
spaces-more = More spaces
spaces-none = No space yet.
spaces-free = room left
spaces-busy = filling up
spaces-full = full
spaces-over = too many
spaces-left = { $count } left
spaces-of-before = of
spaces-of = { $current } of { $maximum }
spaces-gauge = People in { $name }
spaces-open-door = Open the door screen
spaces-may-overfill = May be overfilled: the door asks each time.
spaces-came-went = { $entered } came in, { $left } went out
spaces-days = Days
spaces-day-before = the day before
spaces-day-after = the day after
spaces-as-table = The same as a table
spaces-csv = This day by minutes, for a spreadsheet (CSV)
spaces-hour = Hour
spaces-least = Least
spaces-mean = Mean
spaces-most = Most
spaces-in = In
spaces-out = Out
spaces-this-day = this day
spaces-usual = usual on this weekday
spaces-people-over = People over the day, { $day }
spaces-week = The usual week
spaces-week-how = The mean of the last four weeks, by weekday and hour.
spaces-busiest = { $day }: most at { $hour }, { $mean }
spaces-unknown = not known
spaces-weekday = Weekday
spaces-put-right = Counts that were put right
spaces-none-put-right = None in the last 30 days.
spaces-when = When
spaces-what = What
spaces-why = Why
spaces-who = Who
spaces-emptied-from = everybody out, { $before } before
spaces-set-from = { $before } → { $after }
spaces-by-command = command line
spaces-settings = Name and maximum
spaces-name = Name
spaces-maximum = People allowed inside
spaces-maximum-note = A count above a new maximum comes down to it.
spaces-overfill = May be overfilled, when the door says so each time
spaces-save = Save
spaces-settings-taken = Saved. The audit says who did it.
spaces-by-program = The same by a program
spaces-delete = Delete
spaces-delete-this = Delete this space
spaces-delete-one = Delete { $name }?
spaces-delete-what = Its count, its history, its keys and its screens go with it. They cannot be brought back. The audit says who did it.
spaces-keep = Keep it
spaces-was-deleted = The space is deleted.

# The screen at a door
door-title = { $name }: door
door-may = more may come in
door-full = Full
door-in = +1 IN
door-out = −1 OUT
door-all-the-same = Full. Count in all the same?
door-yes = Yes, count in
door-no = No
door-came-in = One came in.
door-went-out = One went out.
door-not-counted = Full: not counted
door-nobody-there = Nobody is inside: not counted
door-undone = Taken back.
door-emptied = Everybody is out.
door-was-set = The count is set.
door-undo-in = Undo: in, { $ago }
door-undo-out = Undo: out, { $ago }
door-undo-in-plain = Undo: in
door-undo-out-plain = Undo: out
door-seconds = { $count } s ago
door-minutes = { $count } min ago
door-live = ● live
door-away = The box is away: taps wait here.
door-wait-one = 1 waits for the box
door-wait-many = { $count } wait for the box
door-late-full = Not counted, as it was full by then: { $count }
door-lost = Not known whether it was counted, look at the number: { $count }
door-refused = That was not counted: this door is not yours any more.
door-sign-in = Sign in again: taps wait here until then.
door-needs-box = Not done: the box is away. Try again.
door-hold = Everybody out (hold 2 s)
door-everybody-out = Everybody out
door-set-to = Set to …
door-empty-what = { $current } are counted in { $name }. After this it is 0. It stands in the history, with your name.
door-reason-if-any = Why, if you like
door-reason = Why
door-how-many = How many are in { $name }?
door-set-what = Counted are { $current }, allowed are { $maximum }. It stands in the history, with your name.
door-number = People inside
door-set-it = Set it
door-leave-it = Leave it as it is

# Screens for whoever stands before a door
kiosk-screens = Screens
kiosk-what = A screen beside the door shows how many may still come in. Its link needs no login and is good for nothing else.
kiosk-since = since { $day }
kiosk-take = Take away
kiosk-take-one = Take away { $name }
kiosk-taken = The screen is taken away: it shows nothing more.
kiosk-name = What it is called, such as where it hangs
kiosk-make = Make a link
kiosk-made = Screen { $name }
kiosk-scan = Scan this with the screen, or type the link there.
kiosk-code = QR code of the link
kiosk-once = The link is shown this once. Whoever has it sees this space and can do nothing. Take it away on the page of the space.
kiosk-wait = Please wait
kiosk-old = This screen is from { $time }
kiosk-gone = This screen was taken away
# Plots that several pages have
plot-half-hours = Energy in each half-hour
plot-gap = no reading
plot-doubtful = not measured
plot-people-unit = people
plot-people-maximum = { $count } may be in
plot-balance = Your balance over this time
plot-balance-told = { $first } on { $from }, { $last } on { $to }. { $count ->
    [0] It never rose
    [one] It rose once, by { $sum }
   *[other] It rose { $count } times, by { $sum } in all
}. The lowest was { $lowest }.
plot-balance-more = { $when }: { $amount } more

# One meter
meter-all = Meters
meter-pages = Pages of this meter
meter-use = Use
meter-health = Health
meter-log = Log
meter-settings = Settings
meter-until = Yours until { $date }. What is shown here is of your time.
meter-card-until = yours until { $date }
meter-off = switched off
meter-another = another meter answers
meter-not-asked = not asked yet
meter-silent = does not answer
meter-catching-up = catching up
meter-answers = answers
meter-silent-lamp = Does not answer
meter-silent-never = Nothing was heard of it yet.
meter-silent-since = Nothing was heard since { $time }.
meter-silent-theirs = We have had nothing from your meter since { $time }. Your supply is not affected. Half-hours will be fetched later.
meter-look = Look at the meter
meter-look-why = Whether it took a code is not known, and only a person can say so.
meter-look-code = Code of { $date }
meter-nothing = Nothing yet
meter-never = never heard
meter-register = register { $value }
meter-last-half = { $energy } in the last half-hour
meter-top-up = Top up with a code
meter-explain = Explain the balance
meter-csv = Every half-hour as CSV
meter-turn = Before and after
meter-before = before
meter-after = after
meter-kinds = How much is shown
meter-day = day
meter-week = week
meter-month = month
meter-year = year
meter-in = in
meter-out = out
meter-peak = peak half-hour
meter-night = always on at night
meter-gaps = { $count ->
    [one] { $count } half-hour without a reading
   *[other] { $count } half-hours without a reading
}
meter-doubtful = { $count ->
    [one] { $count } half-hour is worked out, and not measured
   *[other] { $count } half-hours are worked out, and not measured
}
meter-not-theirs = Not your time
meter-gap-fetched = no reading, being fetched
meter-day-before = the day before
meter-table = As a table
meter-table-from = From
meter-days = Day by day
meter-months = Month by month
meter-heat = { $count } days by the hour: the darker, the more
meter-beats = Half-hours of the last days
meter-beats-day = { $day }: { $known } here, { $missing } missing
meter-beat-read = read
meter-beat-late = late
meter-beat-waits = waits
meter-beat-gap = gap
meter-heard = Last heard
meter-signal = Signal
meter-signal-good = good
meter-signal-weak = weak
meter-voltage-limits = 216.2 to 253 V is right
meter-half-hours = Half-hours
meter-open = { $count ->
    [one] { $count } half-hour is still to be fetched from the meter.
   *[other] { $count } half-hours are still to be fetched from the meter; the newest come first.
}
meter-all-here = All that the meter holds are here, up to { $time }.
meter-erased = But for those that somebody had erased.
meter-serial = Serial
meter-ask = Ask now
meter-asked = It is asked as soon as its turn comes; what it answers stands here then.
meter-look-again = Look again
meter-said = Said
meter-said-last = What it said last
meter-value = Value
meter-no-value = no value: { $why }
meter-estimated = worked out, and not measured
meter-stale = from { $time }, the meter is silent
meter-own-log = The meter's own log
meter-log-without = Without the daily snapshots.
meter-log-empty = Nothing but the daily snapshots so far.
meter-event = Event { $number }
meter-when = When
meter-what = What
meter-log-pages = Pages of the log
meter-newer = newer
meter-older = older
meter-charges = What it charges
meter-tariff-in-force = In force
meter-tariff-to-come = To come
meter-tariff-none = None
meter-tariff-now = Now
meter-tariff-from = From { $date }
meter-tariff-plain = { $when }: { $rate }/kWh, { $day } a day
meter-tariff-rate = Price
meter-tariff-rate-b = Price, element B
meter-tariff-standing = Standing charge
meter-tariff-emergency = Emergency credit
meter-tariff-offered = Offered from a balance of
meter-tariff-debt = Debt paid back
meter-tariff-begins = Begins, by the meter's own clock
meter-tariff-mask = Thresholds are for, as the meter has it
meter-tariff-thresholds = Thresholds, as the meter has them
meter-tariff-block = Block in force, as the meter has it
meter-tariff-tou-b = Rate of element B, as the meter has it
meter-tariff-since = Seen since
meter-tariff-prices = Price, standing charge
meter-tariff-written = Last written through this box: { $words }
meter-tariff-unknown = Not read yet.
meter-cuts-itself = A prepayment meter cuts the load by itself when its balance is used up. This box cannot stop that.
meter-prepays = Energy is paid for beforehand.
meter-billed = Paid by bill.
meter-prepays-unknown = The meter has not said yet.
meter-q-import-a = Import
meter-q-export-a = Export
meter-q-reactive-import-a = Reactive import
meter-q-reactive-export-a = Reactive export
meter-q-import-b = Import, element B
meter-q-export-b = Export, element B
meter-q-reactive-import-b = Reactive import, element B
meter-q-reactive-export-b = Reactive export, element B
meter-q-apparent-import = Apparent import
meter-q-apparent-export = Apparent export
meter-q-balance = Balance
meter-q-csq = Signal (CSQ)
meter-q-power = Power
meter-q-voltage = Voltage
meter-q-voltage-l1 = Voltage L1
meter-q-voltage-l2 = Voltage L2
meter-q-voltage-l3 = Voltage L3
meter-q-clock-drift = Clock off by
meter-q-tariffs-active = Tariff in force
meter-q-tariffs-future = Tariff to come
meter-q-prepay-enabled = Prepayment
meter-q-daylight-savings = Summer time
meter-q-hardware = Kind
meter-q-meter-serial = Serial on the meter
meter-q-firmware-version = Firmware
meter-q-backlight = Backlight
meter-q-load-switch = Load switch

# People and tokens, for whoever manages them
people-title = People
people-count = { $count ->
    [one] { $count } person
   *[other] { $count } people
}
people-all = Who may sign in
people-not-chosen = has not chosen a password
people-chosen = has chosen a password
people-spaces-count = { $count ->
    [one] { $count } space
   *[other] { $count } spaces
}
people-add = Somebody new
people-add-do = Add, and make a link
people-name = Name
people-role = Role
people-no-role = Choose a role.
people-meters = Meters
people-meter = Meter
people-meters-how = Serials with a space between them; SERIAL@2026-05-01 begins on that day.
people-meters-end = What you leave out ends now.
people-meters-now = Theirs from now on
people-meters-set = The meters are saved.
people-no-meters = No meter is linked.
people-from = From
people-until = Until
people-spaces = For a doorman: only these spaces (none ticked: all)
people-spaces-of = Spaces
people-spaces-what = A doorman sees the spaces that are ticked; none ticked: all of them.
people-spaces-set = The spaces are saved.
people-save = Save
people-since = since { $day }
people-sign-in = Signing in
people-invite = Make a one-time link
people-invite-what = By a link they choose a password, once, within a day. Older links end.
people-link-for = A link for { $name }
people-link-what = { $name } opens it once, until { $until }, and chooses a password.
people-once = It is shown this once. Keep it to yourself until you hand it on.
people-to-one = To { $name }
people-to-tokens = To the tokens
people-shared = { $meter } is { $name }'s too.
people-unknown-meter = There is no meter { $meter } in the registry yet.
people-postponed = { $meter } ended now and is theirs again only from { $day }.
people-end = When they leave
people-end-what = Moving out takes the last readings and ends what is theirs; they can still read their own time. Removing takes the account away.
people-move-out = Move out
people-move-out-one = { $name } moves out
people-move-out-what = Each of their meters is read once more, then their links, sessions and one-time links end. This can take a minute.
people-day = At the beginning of this day (empty: now)
people-no-day = { $day } is no day.
people-left = { $name } has moved out
people-left-nothing = Nothing was theirs just now, and nothing was changed.
people-left-sessions = Sessions that ended: { $count }.
people-left-reading = Last reading, as of { $at }
people-left-no-reading = There is no reading.
people-left-remains = What remains
people-remove = Remove
people-remove-one = Remove { $name }?
people-remove-what = The account of { $name } goes, with its sessions and links. This cannot be undone.
people-remove-own = This is your own account: you are signed out at once, and it cannot be undone.
people-keep = Go back, change nothing
people-tokens = API tokens
people-tokens-all = In force
people-tokens-none = No program has a token.
people-token-new = A new token
people-token-for = What it is for
people-scopes = What it may do
people-token-do = Make the token
people-token-made = The token for { $name }
people-token-once = A program sends it as Authorization: Bearer.
people-revoke = Revoke
people-revoke-one = Revoke the token { $name }?
people-revoke-what = Programs that carry it are turned away from their next request on. This cannot be undone.
people-by-program = The same by a program
people-no-token = No token covers people and tokens: this goes by the session of an admin, with the value of a page's forms.

# Alarms: the box's own rules, by their names
alarm-meter-offline = { $name } does not answer: { $detail }
alarm-meter-exchanged = { $name }: another meter answers: { $detail }
alarm-meter-clock-unset = { $name }: the clock shows a date that no clock has; set it
alarm-meter-clock = { $name }: the clock is { $value } s off
alarm-prepay-low = { $name }: { $value } are left
alarm-topup-in-doubt = { $name }: nobody knows yet whether a code was taken; see Money, or `gatelodge prepay list`
alarm-voltage-out = { $name }: { $value } { $unit }, which is outside { $raise } { $unit }
alarm-space-full = { $name } is full
alarm-queue-high = { $value } % of the room for what waits for the cloud is used
alarm-cert-expiry = A certificate ends in { $value } days: { $detail }
alarm-cert-expiry-soon = A certificate ends in { $value } days: { $detail }
alarm-clock-unsynced = The clock of the box is not synchronised: see to its network time
alarm-backup-failed = Backups are not as they should be: { $detail }
alarm-box-hot = The box is { $value } { $unit } warm: give it air, or its processor and memory card age
alarm-under-voltage = The supply of the box is too weak, and writes are at risk: take a stronger one and a shorter cable
alarm-disk-low = { $value } % of the disk are free: make room, or give the box a larger one
alarm-flapping = { $words } (comes and goes)
alarms-stand = { $count ->
    [one] { $words }
   *[other] { $count } alarms stand, the worst: { $words }
}

# One's own page, and a lost password
away-title = The box is away
away-what = This device reaches the box no more: its network, or the box itself, is away. Nothing that the box took is lost.
away-door = Doors at which this device counted go on counting: open one, and taps wait until the box is back.
away-again = Try again
again-title = Your password once more
again-what = You are about to see and change who may sign in here, and it is more than a quarter of an hour since you typed it.
again-password = Password
again-do = Go on
me-title = Your account
me-password = Another password
me-old = Password until now
me-new = New password
me-again = New password once more
me-differ = The two new passwords differ.
me-password-what = At least 10 characters. You are signed out everywhere else.
me-password-do = Change it
me-password-changed = Your password is changed, and you are signed out everywhere else.
me-sessions = Where you are signed in
me-here = Here
me-session = since { $since }, used { $used }
me-end-others = End all others
me-sessions-ended = You are signed out everywhere else.
me-data = Your data
me-data-take = Take your data, see what is held of you, or have it erased
me-data-kept = What this box keeps of whom, and for how long
me-lost = Lost your password?
me-lost-ask = Ask whoever runs this box for a new link.
me-lost-how = They make one under Box, People, or with

# What pages say in place of an error
fault-first-page = To the first page
fault-asked = That cannot be asked for
fault-asked-text = The address is not one that a page here leads to.
fault-forbidden = Not for you
fault-forbidden-text = Your role does not cover that.
fault-residents = This page is for residents. Yours is Home.
fault-404 = There is nothing here
fault-404-text = The address leads to no page of this box.
fault-not-so = Not like that
fault-not-so-text = This address is for something else.
fault-method = This address does not take that method
fault-much = That is too much
fault-much-text = What was sent is larger than anything a page here asks for.
fault-form = That form cannot be read
fault-back = Go back, load the page again, and try once more.
fault-name = Another name
fault-name-text = This box does not answer under that name.
fault-421 = This box does not answer under that name
fault-no-host = The request names no host, or several
fault-429 = Too many requests
fault-429-text = Wait a minute, then load the page again.
fault-rate = This caller has used up its rate; try again later.
fault-disk = The disk is full
fault-disk-text = Nothing was changed. Whoever runs the box can make room.
fault-disk-full = The disk is full, nothing was changed
fault-503 = Not now
fault-503-text = The box is busy, or on its way up or down. Try again in a moment.
fault-busy = Busy, try again in a second
fault-crowded = Too many answers wait to be taken
fault-500 = Something went wrong in here
fault-500-text = The fault is ours, and is in the log of the box.
fault-500-number = The fault is ours and is in the log under this request's number.
fault-unchanged = Nothing was changed
fault-not-taken = That was not taken
fault-taken = That is not taken
fault-400 = The request cannot be read
fault-414 = The address is too long
fault-body-long = The body is too long
fault-media = This address does not take a body of that type
fault-body = The body is not what this address takes
fault-websocket = This address wants a WebSocket
fault-way-back = That leads to no page of this box
fault-no-meter = There is no such meter.
fault-no-topup = There is no such top-up.
fault-no-list = That list is gone: it was asked more than half an hour ago. Paste it again.
fault-not-done = That could not be done, and the fault is ours.
fault-unread = That could not be read, and the fault is ours.
fault-period = The first day must not be after the last, and at most 400 days are explained at once.
fault-no-space = There is no such space
fault-no-day = There is no such day
fault-too-many = There are too many
fault-not-counted = That was not counted. Try again.
fault-one-tap = One at a time
fault-one-tap-text = A tap counts one person in or out.
fault-how-many = How many are inside?
fault-how-many-text = Give the number of people inside.
form-not-taken = That form was not taken
form-forged = the form did not come from this site, or its page was too old. Try once more.
form-forged-text = the form did not come from this site, or its page was too old. Go back, load the page again, and try once more.
form-long = the form is larger than anything a page here asks for. Try once more.
form-unread = the form cannot be read. Try once more.
form-session = the session could not be looked up. Try once more.

# Signing in, and a first password
login-title = Sign in
login-again = Is it you?
login-again-what = Before you decide who may see your data, type your password once more.
login-errand = { $client } asks to see half-hours of your meter. Sign in, and decide on the next page.
login-name = Name
login-wrong = name or password is wrong
login-tries = too many tries; wait { $count ->
    [one] a minute
   *[other] { $count } minutes
}
login-busy = too many people sign in just now; try again in a few seconds
login-disk = not written: the disk is full
login-unwritten = not written: the box cannot take it just now; try again in a moment
login-ours = That did not work, and the fault is ours.
login-short = a password has at least { $count } characters
login-long = a password has at most { $count } bytes
login-still = You are still signed in
login-still-text = The box could not write that down. Try again in a moment.
welcome-title = Welcome
welcome-name = Welcome, { $name }
welcome-choose = Choose a password. This link works once.
welcome-once-more = Once more
welcome-do = Set password and sign in
welcome-differ = The two passwords differ.
welcome-over = This link is over
welcome-over-text = It was used before, is older than a day, or never was. Whoever gave it to you can make a new one: gatelodge user invite NAME.

# An application asks, and a person decides
consent-title = { $client } asks
consent-head = { $client } asks to see your half-hours
consent-who = { $url }. { $provider } provides them, with your leave alone.
consent-who-member = { $url }, of the member { $member }. { $provider } provides them, with your leave alone.
consent-before = You allowed { $client } to see { $sources } on { $at }, until { $until }. If you allow it again, what you choose now takes its place.
consent-and = {" and "}
consent-no-meter = No meter of yours can be shared yet. Whoever runs this box can make one ready. { $client } is told that you did not allow it.
consent-back = Back to { $client }
consent-gets = It will get
consent-meter = ({ $source }): { $measures }, each half-hour, from { $from } on.
consent-use = what you use
consent-give = what you give back to the grid
consent-week = What you used in your last week, just as it would see it.
consent-no-week = Nothing was read of it yet: it would see half-hours as they come.
consent-tells = It can tell from them
consent-tells-what = When you are at home, when you sleep, and what kind of things you use.
consent-gets-not = It will not get
consent-gets-not-what = Your name, your balance or your top-ups.
consent-does = What it does with them
consent-does-more = What { $client } does with your data
consent-until = Until
consent-1m = 1 month
consent-3m = 3 months
consent-1y = 1 year
consent-life = { $name }: until { $until }
consent-words = The words that you agree to
consent-words-in = These words are in this language alone: { $language }.
consent-stop-any = You can stop it any time, at
consent-yours = your permissions
consent-either = Either way you go back to { $place }.
consent-allow = Allow
consent-deny = Do not allow
consent-choose = Choose one of the two buttons.
consent-changed = What you would agree to has changed since you opened this page. Look at it again.
consent-choose-end = Choose one of the three ends.
consent-tick = Tick at least one meter, or do not allow.
consent-visit-over = This request is over
consent-visit-over-text = This request is unknown, used or too old. Go back to the application and start again.
consent-visit-another = Not this application's
consent-visit-another-text = This request belongs to another application. Go back to the application and start again.
consent-visit-browser = Begun in another browser
consent-visit-browser-text = This request was begun in another browser. Go back to the application and start again.
consent-not-pushed = Nothing was asked for
consent-not-pushed-text = What an application asks for must be pushed first. Go back to the application and start again.
consent-unknown = This application is not known here
consent-unknown-text = It is not registered here, or was disabled meanwhile. Nothing was given to it.
consent-address = This address is not whole
consent-address-text = It must have client_id and request_uri, each once. Go back to the application and start again.
consent-licence = Not offered any more
consent-licence-text = The licence under which the application asks is not offered here any more. Nothing was given. Go back to the application and start again.
consent-no-words = There is nothing to agree to yet
consent-no-words-text = The words of the licence are missing on this box. Whoever runs it is told. Nothing was given.
consent-role = This login has no meters of its own
consent-role-text = Only whoever lives with a meter can allow somebody to see what it says. Sign out above, and sign in as that person.
consent-unavailable-text = The clock of this box is not right yet, or it cannot write. Nothing is given until it can. Try again in a few minutes.
consent-not-theirs = Not yours to allow
consent-not-theirs-text = One of the meters that were chosen is not yours. Nothing was given. Go back to the application and start again.
consent-allowed = allowed
consent-idle = sees nothing now
consent-stopped = stopped
consent-over = over
consent-by-person = the person
consent-by-application = the application
consent-by-operator = whoever runs this box
consent-import = import
consent-export = export
consent-told = { $name } was told.
consent-told-at = { $name } was told at { $at }.
consent-being-told = { $name } is being told.
consent-told-again = { $name } is being told; at { $at } it did not work, and it is tried again.
consent-not-told = { $name } could not be told.

# What a person allowed, and how it was given
consents-title = Who sees your data
consents-none = Nobody. When an application asks you, you are led to a page where you decide; what you allow is listed here, and can be stopped here.
consents-data = Take your data, or have it erased
consents-allowed = Half-hours of { $sources }, allowed on { $granted }, until { $until }.
consents-ended = Half-hours of { $sources }, allowed on { $granted }; stopped { $at } by { $by }.
consents-you = you
consents-nothing-now = { $name } (nothing of it now)
consents-left = It ended with your tenancy on { $left }. Should a meter of it be yours again before { $until }, it would see that again, unless you stop it.
consents-evidence = What you agreed to
consents-used = Fetched { $all ->
    [one] { $all } time
   *[other] { $all } times
} in all, { $lately ->
    [one] { $lately } time
   *[other] { $lately } times
} on { $day } (UTC); { $count ->
    [one] { $count } half-hour
   *[other] { $count } half-hours
} went out.
consents-fetch = { $at }: { $measure } of { $source } from { $from } to { $to }, { $count ->
    [one] { $count } half-hour
   *[other] { $count } half-hours
}
consents-fetch-broken = { $at }: { $measure } of { $source } from { $from } to { $to }, broken off, at least { $count ->
    [one] { $count } half-hour
   *[other] { $count } half-hours
}
consents-no-fetch = Nothing was fetched yet.
consents-stop = Stop { $name }?
consents-stop-what = It sees nothing of { $sources } any more, from this moment on. What it has fetched already stays with it; its privacy page says for how long. To begin again it has to ask you.
consents-stop-do = Stop it now
evidence-title = Evidence of a permission
evidence-may = { $name } ({ $client }) may see, by leave of account { $account } at { $issuer } under { $licence }:
evidence-might = { $name } ({ $client }) was allowed to see, by leave of account { $account } at { $issuer } under { $licence }:
evidence-source = { $source } ({ $outcode }): half-hours of { $measures }, from { $from }
evidence-nothing-now = nothing now of { $source } ({ $outcode }): half-hours of { $measures }, from { $from }
evidence-state = State:
evidence-ends = it ends at { $at }.
evidence-ended = it was to end at { $at }.
evidence-happened = What happened
evidence-when = When (UTC)
evidence-words = The words that were agreed to
evidence-missing = The words are missing on this box, or were changed there.
evidence-language = They were agreed to in this language: { $language }.
evidence-sha = SHA-256 of these words: { $fingerprint }
evidence-given = given on the page of this box, signed in with a password at { $proved }, for { $sources } until { $expires }; words { $text } ({ $language })
evidence-given-again = given again on the page of this box, signed in with a password at { $proved }, for { $sources } until { $expires }; words { $text } ({ $language })
evidence-given-browser = given on the page of this box, signed in with a password at { $proved }, for { $sources } until { $expires }; words { $text } ({ $language }); browser: { $agent }
evidence-given-again-browser = given again on the page of this box, signed in with a password at { $proved }, for { $sources } until { $expires }; words { $text } ({ $language }); browser: { $agent }
evidence-redeemed = the application fetched its token
evidence-replayed = the application's code came a second time: what came of it was ended
evidence-narrowed = the box was restored from a backup, and this was made no more than had been agreed to later: { $sources } until { $expires }
evidence-narrowed-all = the box was restored from a backup, and this was made no more than had been agreed to later: nothing until { $expires }
evidence-stopped = stopped by { $by }

# What pages say of themselves while they change, and lamps
live-is = live
live-lost = Not live: trying to reach the box again.
lamp-store = store
lamp-occupancy = occupancy
lamp-meters = meters
lamp-alarm = alarm
lamp-works = works
lamp-in-part = does not do all of its job
lamp-disk-full = the disk is full, nothing new is taken
lamp-own = { $count ->
    [one] something is to be looked at: see Meters
   *[other] { $count } things are to be looked at: see Meters
}

# What is held of somebody, taking it, and having it erased
data-take = Take it
data-take-what = All that this box holds of you in one ZIP file: half-hours and balances as CSV, the rest as JSON. The tables open in any spreadsheet.
data-waits = Your archive is being made: it waits for another one.
data-making = Your archive is being made: { $done } of { $of } steps.
data-ready = Your archive is ready: { $size }, until { $until }.
data-how-much = How much of it is done
data-stop = Stop
data-download = Download it
data-failed = It could not be made, and the fault is ours. Try once more; whoever runs this box can see why.
data-too-many = Too many archives are being made just now. Try again in a minute.
data-anew = Make it anew
data-make = Make my archive
data-held = What is held of you
data-all = All that the box keeps of anybody, and for how long, stands under
data-erase = Have it erased
data-erase-what = What goes, what has to stay and for how long stands on the next page. Nothing happens before you say so there.
data-erase-do = Have it erased…
data-erase-other = Your login runs this box, or serves it. Ask somebody else who runs it to remove you:
forget-title = Have your data erased
forget-head = Have your data erased?
forget-goes = What goes
forget-stays = What stays, and for how long
forget-elsewhere = What lies elsewhere, and until when
forget-nothing-back = Nothing of it comes back, and you cannot sign in any more.
forget-take-first = Take your data first if you want to keep it.
forget-meter = The meter goes on counting; what it says from now on is nobody's here.
forget-sure = I know that nothing of it comes back
forget-tick = Tick that you know that nothing of it comes back.
forget-password = Your password
forget-do = Erase it now
forget-not = Nothing was erased: the box cannot write just now, or its clock is not right yet
forget-not-text = Try again in a few minutes.
erasure-title = An erasure
erasure-is-done = It is erased
erasure-goes-on = It is being erased
erasure-done = Asked for on { $asked }, done on { $ended }.
erasure-asked = Asked for on { $asked }. The account is gone already; the half-hours follow.
erasure-months = { $done } of { $of } months are done.
erasure-no-wait = You need not wait: it goes on by itself.
erasure-trouble = The box cannot go on just now and tries again every minute. Whoever runs it can see why.
erasure-number = Number of this erasure: { $id }. This page has no name in it; whoever has its address can see it.
held-for-ever = for as long as this box
held-for-months = for { $count ->
    [one] { $count } day
   *[other] { $count } days
}, in whole months
held-for-book = for as long as this book
held-for-years = for { $count } years
held-for-days = for { $count ->
    [one] { $count } day
   *[other] { $count } days
}
held-account = Your account: the name { $name }, a hash of your password, and which meters were yours when ({ $count })
held-sessions = Where you are signed in ({ $count }), and hashes of where you signed in from
held-audit = Lines of the audit that name you: when you signed in, what you allowed, what was changed for you
held-audit-why = { $long }, so that nobody who runs this box can change unseen what was done
held-permissions = { $count ->
    [one] { $count } permission
   *[other] { $count } permissions
} that an application may see your data: taken back at once, and the application is told where it can be
held-evidence = Evidence of what you allowed ({ $count ->
    [one] { $count } permission
   *[other] { $count } permissions
}): which application, which meter, the words, by which browser, and when it fetched
held-evidence-why = for two years after its end, without your name
held-records = What stands behind signed records of your data: meter, stretch, a hash of the answer; no half-hours
held-records-why = { $long }, so that whoever has such a record can have it proved
held-counts = Your name with { $count ->
    [one] { $count } count
   *[other] { $count } counts
} that you put right at a door
held-half-hours = Half-hours of meter { $meter } of your own time ({ $count ->
    [one] { $count } day
   *[other] { $count } days
}), and what its own log and reports of the box's jobs say of that time
held-shared = Half-hours of meter { $meter } of the time in which it was somebody else's too
held-shared-why = as long as they are theirs
held-money = Balances and top-ups of meter { $meter } of your time
held-money-why = { $long } at most, as accounts have to: one balance a day and those around a payment; who paid in is not named any more
held-registers = The registers of meter { $meter } at the beginning and the end of your time, and its tariffs
held-registers-why = as long as half-hours are kept: they bound the time before and after yours
held-latest = The latest that meter { $meter } said
held-latest-why = until the next reading takes its place
elsewhere-log = The log of the book, and its snapshots: for some days, and until { $day } at the latest
elsewhere-own = Backups that this box makes by itself ({ $count ->
    [one] { $count } is there
   *[other] { $count } are there
}): newer ones take their places, the last that holds you goes about { $day }
elsewhere-own-open = Backups that this box makes by itself ({ $count ->
    [one] { $count } is there
   *[other] { $count } are there
}): until newer ones take their places
elsewhere-backups = Backups that were made by hand or lie elsewhere, and sticks that are put away (the last backup is of { $day }): as long as whoever runs this box keeps them
elsewhere-no-backups = Backups: none is known
elsewhere-aside = { $count ->
    [one] { $count } book that
   *[other] { $count } books that
} a restore or a repair put aside: as long as whoever runs this box keeps them
elsewhere-meter = The meter's own memory: about a year of half-hours, as long as the meter keeps them; whoever may ask the meter can read them there, and this box does not take them again
elsewhere-handed-out = Whatever was handed out before: archives that you took, data that an application fetched, values that the operator's cloud has, or is still to get
privacy-title = What is known of whom
english-only = This page is in English.

# The road to the cloud
cloud-test = Test now
cloud-test-what = Tries the way step by step; nothing is changed. In a terminal:
cloud-tested = The way, step by step
cloud-mend = Next:
cloud-by-program = The same by a program

# Balances of all meters
money-sum = { $count ->
    [one] { $count } meter has { $sum } left
   *[other] { $count } meters have { $sum } left together
}
money-low = { $count ->
    [one] { $count } is low
   *[other] { $count } are low
}
money-none = No meter here prepays.
money-how-long = Lasts
money-lasts = { $count ->
    [0] less than a day
    [one] about { $count } day
   *[other] about { $count } days
}
money-not-known = last week's use or its price is not known
money-read = Read
money-latest = Latest top-ups

# What became of a top-up code
topup-waiting = On its way to your meter
topup-checking = Checking
topup-taken = Your meter took it
topup-taken-to = Your meter took it: { $before } → { $after }
topup-refused = Not taken: this code was used before or is not for this meter
topup-in-doubt = Not known yet. We ask your meter and will not send the code twice
topup-not-sent = Your meter could not be reached; the code is still good
topup-cancelled = Taken back before it was sent
topup-not-sent-not-served = Not sent: this box does not serve the meter now
topup-not-served = Not known: this box does not serve the meter now
topup-said-taken = Your meter took it, says somebody who looked at it
topup-said-not-taken = Not taken, says somebody who looked at your meter
topup-behind = Waits for the code before it, about a minute
topup-look = Not known. Somebody has to look at your meter; the code is not sent twice
topup-rose = Your balance rose: { $before } → { $after }. If another code was keyed in at the meter, check its display
topup-counted = Your meter counted a payment. If another code was keyed in at the meter, check its display
topup-not-counted = Not taken: your meter did not count this code. Try it at the meter itself
topup-none-unknown = This box does not know the meter any more, so no code can be sent to it.
topup-none-billed = This meter does not prepay, so no code is of use to it.
topup-none-three = This is a three phase meter, and those take no codes.
topup-none-left = You do not live here any more, so no code of yours is sent to it.
topup-given-before = This code was given for this meter before. Nothing was sent now
topup-refused-now = Not sent
topup-digits = The 20 digits of the code
topup-how = Spaces and hyphens do not matter. The code is sent once; what your meter counts says whether it took it. The meter cuts the supply by itself when its balance is used up; this box cannot stop that.
topup-send = Send to the meter
topup-so-far = Codes so far
topup-became = What became of it
topup-title = Top-up of { $name }
topup-of = Your code of { $date }
topup-may-be-anothers = The meter's own yes was not heard. If another code was typed in at the meter at the same time, this one may still be good.
topup-trouble = For whoever runs the box:
topup-asked = Your meter is asked whether it counted the code. That can take a minute.
topup-goes-on = This page asks again by itself. You may leave it; the box goes on.
topup-settle = The box cannot tell any more whether the meter took the code. Look at the meter, then say what it shows.
topup-settle-why = How do you know
topup-settle-taken = It took it
topup-settle-not-taken = It did not take it
topup-take-back = Take it back

# A resident's first page
my-none = No meter is linked to you yet.
my-none-now = No meter is linked to you any more.
my-none-ask = Ask the house for it: { $name }
my-closed = This box reads no meters at present.
my-account = Password and account
my-left = { $amount } left
my-lasts = { $count ->
    [0] lasts less than a day at last week's pace
    [one] lasts about { $count } day at last week's pace
   *[other] lasts about { $count } days at last week's pace
}
my-read = read { $ago }
my-billed = Paid by bill. Reading now:
my-not-said = Your meter has not said yet what is left. Reading now:
my-reading = Reading now:
my-nothing = Nothing was heard of your meter yet.
my-off = Your meter is not asked at present. Your supply is not affected.
my-about = about { $amount }
my-today = Today
my-yesterday = Yesterday
my-costs = Price
my-price = { $rate } p a kWh + { $day } p a day
my-month = This month { $cost }
my-month-of = This month { $cost } of about { $all }
my-month-since = Since { $day } { $cost }
my-all-days = Every day
my-fortnight = 14 days
my-who = Who sees my data
my-nobody = Nobody. When an application asks, you decide on a page of this box; what you allow stands here and can be stopped here.
my-sees = half-hours of { $what }
my-until = until { $day }
my-fetched = fetched { $ago }
my-never-fetched = nothing fetched yet
my-stop = Stop
my-stop-whom = Stop { $name }
my-meter = My meter
my-quote = Reading to quote on the telephone
my-cut = Last power cut
my-no-cut = none that this box knows of
my-data = Take my data
my-data-what = Every half-hour, balance and code of your time here, as files for a spreadsheet (CSV).
my-kept = What is kept of me
my-kept-what = What this box holds of you, for how long, and who sees it.
my-password = Password
my-password-what = Another password, and where you are signed in.
# Meters by a pasted list
energy-add = Add meters
add-list = Meters, a line each
add-how = Serial, link, name. From a spreadsheet, paste the three columns. For example:
add-ask = Ask them
add-nothing-yet = Each meter is asked who it is. Nothing is added before you have seen what they say.
add-empty = The list names no meter.
add-long = At most 500 meters are asked at once: paste the list in parts.
add-still = { $count ->
    [one] { $count } meter is being asked, for { $seconds } s by now.
   *[other] { $count } meters are being asked, for { $seconds } s by now.
}
add-look-again = Look again
add-count = { $count ->
    [one] { $count } meter was added.
   *[other] { $count } meters were added.
}
add-do = Add these
add-silent-too = A meter that did not answer can be ticked too: it is added, and asked again.
add-wrong = this cannot be added: { $why }
add-listed = is listed already
add-asking = is being asked
add-answers = answers as { $serial }
add-answers-volts = answers as { $serial }, { $volts } V
add-without-serial = answers, and says no serial: read it on the meter itself
add-another = another meter answers: { $says }, expected { $serial }
add-silent = no line: { $why }
add-added = was added
add-not-added = was not added: { $why }

# The first day of a box, step by step; the sheet to hand over
setup-title = Setup
setup-1 = Name, zone, clock
setup-2 = How people reach it
setup-3 = Meters
setup-4 = People
setup-5 = Backup
setup-6 = Cloud
setup-7 = Hand over
setup-done = done
setup-waits = waits
setup-wrong = wrong
setup-next = Next:
setup-left = { $count ->
    [one] { $count } of 7 steps is left.
   *[other] { $count } of 7 steps are left.
}
setup-all-done = All seven steps are done.
setup-look-again = Look again
setup-not-taken = Nothing was changed:
setup-set = Set
setup-not-now = Not now
setup-not-now-what = The first page is the building again; this page stays under Box.
setup-again = Begin here again
setup-is-aside = Set aside: the first page is the building.
setup-moved = The box has a new name
setup-moved-what = From now on it is reached here, where you sign in anew:
setup-name-label = What people call the building
setup-zone-label = Time zone
setup-host-label = Name or address under which people reach the box
setup-phone = Hold a phone against the picture, or open
setup-sheet = Show the sheet
setup-name = { $name }
setup-name-unset = nobody said yet what people call the building
setup-name-next = say it below
setup-zone = { $zone }
setup-zone-unset = UTC, since nobody said where the building stands
setup-zone-next = say it below, such as Europe/London
setup-clock = { $now }; a time server keeps it right
setup-clock-alone = { $now }; no time server vouches for it yet: is that right to two seconds?
setup-clock-unknown = { $now }; is that right to two seconds?
setup-clock-next = if it is not, with a time server within reach:
setup-clock-wrong = the clock is not right: { $why }
setup-host = { $name } is { $found }, which is this machine
setup-host-unset = no name or address is set under which people reach the box
setup-host-next = set below the name or address by which phones reach it
setup-host-elsewhere = { $name } is { $found }, which is another machine, or a router that leads here
setup-host-open = open it from a phone; if that fails, mend the record or the router's port forwarding
setup-host-nowhere = { $name } leads nowhere: { $why }
setup-host-record = add a record for { $name } where the network's names are kept, or set an address that stays
setup-door = { $door } does not open: { $why }
setup-certificate = the certificate for { $names } was ordered, and renews itself
setup-certificate-wrong = the certificate has not come: { $why }
setup-trust = the box issues its certificate itself: phones and browsers warn until they trust its root, root.pem
setup-address = people open { $pages }
setup-meters-closed = none, and the meter room is closed
setup-meters-open = add some below: that opens it
setup-meters-none = none
setup-meters-add = paste a list: each is asked at once
setup-meters-answer = { $count } of { $all } answer
setup-meters-asked = { $count ->
    [one] { $count } meter is being asked
   *[other] { $count } meters are being asked
}
setup-meter-silent = { $name } does not answer: { $why }
setup-meters-silent = { $count ->
    [one] { $count } meter does not answer
   *[other] { $count } meters do not answer
}
setup-meters-off = { $count ->
    [one] { $count } meter is not asked, by somebody's choice
   *[other] { $count } meters are not asked, by somebody's choice
}
setup-people-none = nobody can sign in as admin yet
setup-person = { $name } is admin, and has a password
setup-person-waits = { $name } is admin, and has not chosen a password yet
setup-person-next = a new link, under People or with
setup-admins = { $count ->
    [one] { $count } admin has a password
   *[other] { $count } admins have a password
}
setup-admins-wait = { $count ->
    [one] { $count } admin has not chosen a password yet
   *[other] { $count } admins have not chosen a password yet
}
setup-others = { $count ->
    [one] { $count } other person can sign in, or has a link to
   *[other] { $count } other people can sign in, or have a link to
}
setup-backup = made at { $at }, with keys; the next ones by themselves
setup-backup-none = none is made: what breaks is gone
setup-backup-next = on the box, best to a stick or a share:
setup-backup-wrong = { $why }
setup-backup-mend = mend it; the box tries again every minute
setup-backup-waits = none has been made yet
setup-backup-bare = made at { $at }, without keys: what is restored of it has new authorities
setup-backup-keys = on the box, with a key to take away:
setup-backup-same-disk = they are on the disk of the box itself: when it breaks, both are gone
setup-restored = one was restored for trial at { $at }, and is whole
setup-restored-wrong = it could not be restored for trial: { $why }
setup-restored-never = none is restored for trial: backup.test_restore says never
setup-restored-waits = none was restored for trial yet
setup-cloud = connected to { $url } since { $since }
setup-cloud-none = nobody is told; that can be changed at any time
setup-cloud-wrong = not connected to { $url }: { $why }
setup-cloud-waits = on the way to { $url }
setup-sheet-ready = everything is done
setup-sheet-waits = { $count ->
    [one] { $count } step is left; the sheet tells of it
   *[other] { $count } steps are left; the sheet tells of them
}
setup-sheet-next = print the sheet, and have it signed
sheet-title = handed over
sheet-what = Gatelodge { $version } on { $machine }, handed over { $at }.
sheet-by = By { $by }.
sheet-open = People open
sheet-trust = Trust
sheet-trust-what = The box issues its certificate itself. A phone or browser stops warning once it trusts
sheet-meters = Meters
sheet-name = Name
sheet-serial = Serial
sheet-line = Line
sheet-state = State
sheet-import = Import
sheet-answers = answers
sheet-not-asked = not asked yet
sheet-reading = { $kwh } kWh at { $at }
sheet-people = People
sheet-role = Role
sheet-left = How it was left
sheet-all-done = { $count } things are done, and nothing is left.
sheet-some-done = { $count } things are done. What is left:
sheet-step = Step
sheet-seen = What was seen
sheet-later = On another day
sheet-doctor = proves what the box promises.
sheet-status = says how it is.
sheet-lost = A lost password:
sheet-broken = A broken box: install the package on another one, put this folder back, then the commands:
sheet-kept = Kept away from the box: a backup, the key that opens it, a copy of
sheet-from = Handed over
sheet-to = Taken over

# Backups
backups-title = Backups
backups-well = The box can be brought back.
backups-off = Nobody said where backups go: what this box holds is nowhere else.
backups-by-hand = A backup was made by hand. The box makes none by itself.
backups-none-yet = No backup was made yet.
backups-without-keys = The keys are left out: whoever restores gets new authorities, and everybody signs in anew.
backups-trouble = The box could not back itself up.
backups-making = A backup is written, and read again to its end.
backups-sending = A backup is sealed, sent to the bucket, and read again there.
backups-trying = A backup is restored for trial.
backups-waits = It is about to begin.
backups-look-again = Look again
backups-how = Backing up
backups-last = Last one
backups-never = never
backups-where = Where to
backups-often = How often
backups-every-days = { $count ->
    [one] every day
   *[other] every { $count } days
}
backups-every-hours = { $count ->
    [one] every hour
   *[other] every { $count } hours
}
backups-every-minutes = { $count ->
    [one] every minute
   *[other] every { $count } minutes
}
backups-keep = { $count ->
    [one] the newest is kept
   *[other] the newest { $count } are kept
}
backups-keys = Keys
backups-keys-sealed = keys sealed in it
backups-keys-left-out = keys left out
backups-do = Back up now
backups-off-how = These lines in the configuration begin it, with a folder on another disk; then reload the box.
backups-trial = Restored for trial
backups-trial-what = A trial restores one into a folder of its own, reads all of it, and throws that away. Nothing of the box is changed.
backups-trials = { $count ->
    [one] The box does it every day with the newest.
   *[other] The box does it every { $count } days with the newest.
}
backups-trials-often = The box does it several times a day with the newest.
backups-trials-off = The box does not do it by itself.
backups-trial-none = None was tried yet.
backups-trial-good = It is whole, and could be restored.
backups-trial-bad = It could not be restored.
backups-kept = Kept
backups-kept-none = None yet.
backups-in-bucket = in the bucket, sealed
backups-read-again = read again to its end
backups-not-read-again = not known to be read again
backups-one-tried = restored for trial { $age }
backups-one-tried-bad = could not be restored { $age }
backups-try = Restore for trial
backups-did-make = The backup is made.
backups-did-not-make = No backup was made, or it is not as it should be.
backups-did-try = { $name } could be restored.
backups-did-not-try = { $name } could not be restored.

# Doors and certificates
doors-title = Doors and certificates
doors-all = Doors
doors-open = open
doors-shut = shut, tried again
doors-closed = not configured
doors-serves-http = sends browsers to https, answers for certificates
doors-serves-https = pages and the APIs for people and apps
doors-serves-mtls = machines with a certificate
doors-serves-grpc = programs that read meters
doors-serves-relay = peers that meet by WebSocket
doors-serves-metrics = counters for Prometheus
doors-root = The box's own root
doors-root-what = Where a certificate is the box's own, browsers warn until they trust its root. Hold a phone against this to fetch it, and compare the fingerprint.
doors-root-print = Fingerprint, SHA-256:
doors-certificates = Certificates
doors-no-certificate = No door shows a certificate.
doors-by-acme = ordered and renewed by itself
doors-by-files = read from files
doors-by-own = the box's own
doors-names = Names
doors-issuer = Issuer
doors-ends = Ends
doors-renewal = Next renewal
doors-renew = Renew now
doors-renewed = It was renewed, and ends { $end }.
doors-renewal-goes-on = The renewal takes longer and goes on. Load this page again in a minute.
doors-not-renewed = It was not renewed.

# The log
log-title = Log
log-since = The box keeps lines in memory; the oldest is from
log-level = At least
log-error = error
log-warn = warning
log-info = message
log-debug = detail
log-with = With these words
log-find = Find
log-download = Download as text
log-what = Names of people and meters and secrets are taken out, and the audit is left out.
log-none = No line is like that.
log-more = There are more; the file has up to 5,000.

# The box
box-title = The box
box-pages = Pages of the box
box-ready = ready
box-well = Everything does its job.
box-wanting = { $count ->
    [one] It runs; { $count } thing is not as it should be.
   *[other] It runs; { $count } things are not as they should be.
}
box-salvage = in salvage
box-salvage-what = The store was damaged; what could be read is served. Restore a backup, or see in a terminal what was lost.
box-degraded = in part
box-degraded-what = Something below does not work; the rest goes on without it.
box-on-its-way = on its way
box-on-its-way-what = The box is on its way up or down.
box-next-step = Next:
box-alarms = Alarms now
box-no-alarms = None stands.
box-critical = critical
box-major = major
box-minor = minor
box-rule = rule
box-seen = seen
box-rooms = Rooms
box-part-runs = works
box-part-attention = wants a look
box-part-trouble = in trouble
box-part-failed = failed
box-part-closed = not configured
box-part-retrying = tried again
box-part-hindered = hindered
box-about = This box
box-version = Version
box-up-since = Up since
box-clock = Its clock
box-book = On disk
box-terminal = In a terminal
box-jobs = Jobs
box-job-off = off
box-job-never = not run yet
box-job-ran = ran
box-job-next = next

# The relay
relay-title = Relay
relay-tally = { $paired } paired, { $waiting } waiting
relay-draining = Nobody new is taken. This undoes it:
relay-nobody = No peer is connected. This makes one a certificate:
relay-paired = paired
relay-waiting = waits for its partner
relay-greeting = has not said who it is
relay-certificate = certificate { $name }
relay-says = says it is { $class }
relay-from = from { $address }
relay-since = since { $at }
relay-sent = { $count ->
    [one] { $count } message, { $bytes } bytes
   *[other] { $count } messages, { $bytes } bytes
}
relay-answered = answered { $at }
relay-answered-in = answered { $at }, in { $ms } ms
relay-end = End
relay-end-one = End the connection of { $name }?
relay-end-what = Its partner is told, and both may come again.
relay-more = { $count } more:

# Webhooks
webhooks-title = Webhooks
webhooks-nobody = Nobody is told. This section of the configuration names somebody:
webhooks-address = Address
webhooks-waiting = Waiting
webhooks-delivered = Taken
webhooks-dead = Given up
webhooks-left-alone = Left alone until
webhooks-sent = What was sent
webhooks-taken = taken
webhooks-waits = waits
webhooks-tried-again = not taken, tried again
webhooks-once-more = sent once more
webhooks-given-up = given up
webhooks-tries = { $count } tries
webhooks-again = Send again
webhooks-more = { $count } more:

# Only for the tests of the tables
test-only-english = Only <here>
test-place = In { $name }
