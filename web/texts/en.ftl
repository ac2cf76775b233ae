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
unlinked-title = No meter is linked to you yet
unlinked-text = You are signed in as { $name }, and there is nothing here for you to see so far. Whoever runs this box can link your meter to you. Then load this page again.
unlinked-link = What is known of whom

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

# Only for the tests of the tables
test-only-english = Only <here>
test-place = In { $name }
