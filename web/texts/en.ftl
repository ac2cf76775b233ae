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
unlinked-title = No meter is linked to you yet
unlinked-text = You are signed in as { $name }, and there is nothing here for you to see so far. Whoever runs this box can link your meter to you. Then load this page again.
unlinked-link = What is known of whom

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
# Plots that several pages have
plot-half-hours = Energy in each half-hour
plot-gap = no reading
plot-doubtful = not measured
plot-people-day = The last 24 hours
plot-people-unit = people
plot-people-maximum = { $count } may be in
plot-balance = Your balance over this time
plot-balance-told = { $first } on { $from }, { $last } on { $to }. { $count ->
    [0] It never rose
    [one] It rose once, by { $sum }
   *[other] It rose { $count } times, by { $sum } in all
}. The lowest was { $lowest }.
plot-balance-more = { $when }: { $amount } more

# Only for the tests of the tables
test-only-english = Only <here>
test-place = In { $name }
