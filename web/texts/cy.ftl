# What people read, in Welsh. Nobody who speaks it has checked these: a text that somebody has checked carries a line
# `# checked by NAME` directly above it, and leaves the list on /docs/languages.

# Moments
ago-now = newydd fod
ago-minutes = { $count ->
    [two] { $count } funud yn ôl
   *[other] { $count } munud yn ôl
}
ago-hours = { $count } awr yn ôl
ago-days = { $count ->
    [two] { $count } ddiwrnod yn ôl
   *[other] { $count } diwrnod yn ôl
}
ahead-now = ymhen eiliad
ahead-minutes = { $count ->
    [two] ymhen { $count } funud
   *[other] ymhen { $count } munud
}
ahead-hours = ymhen { $count } awr
ahead-days = { $count ->
    [two] ymhen { $count } ddiwrnod
   *[other] ymhen { $count } diwrnod
}
weekday-1 = Llun
weekday-2 = Maw
weekday-3 = Mer
weekday-4 = Iau
weekday-5 = Gwen
weekday-6 = Sad
weekday-7 = Sul
month-1 = Ion
month-2 = Chwe
month-3 = Maw
month-4 = Ebr
month-5 = Mai
month-6 = Meh
month-7 = Gorff
month-8 = Awst
month-9 = Medi
month-10 = Hyd
month-11 = Tach
month-12 = Rhag

# The shell around every page
shell-skip = Neidio i'r cynnwys
shell-pages = Tudalennau
shell-building = Adeilad
shell-energy = Ynni
shell-spaces = Mannau
shell-money = Arian
shell-box = Blwch
shell-home = Hafan
shell-use = Defnydd
shell-consents = Caniatâd
shell-sign-out = Allgofnodi
shell-language = Iaith
shell-things = { $count ->
    [two] Mae angen sylw ar { $count } beth
   *[other] Mae angen sylw ar { $count } peth
}
role-admin = gweinyddwr
role-installer = gosodwr
role-doorman = porthor
role-viewer = gwyliwr
role-resident = preswylydd

# Languages
languages-title = Ieithoedd
languages-how = Gellir darllen y tudalennau yn yr ieithoedd hyn. Dangosir yn Saesneg yr hyn sydd ar goll.
languages-checked = Ysgrifennwyd neu gwiriwyd pob testun gan rywun sy'n siarad yr iaith.
languages-unchecked = Nid yw { $count } o destunau wedi'u gwirio gan siaradwr. Gofynnwn i siaradwyr helpu.
languages-which = Pa rai

# The first page
start-well = Mae popeth yn iawn.
unlinked-title = Nid oes mesurydd wedi'i gysylltu â chi eto
unlinked-text = Rydych wedi mewngofnodi fel { $name }, ac nid oes dim yma i chi ei weld hyd yn hyn. Gall pwy bynnag sy'n rhedeg y blwch gysylltu eich mesurydd â chi. Yna llwythwch y dudalen hon eto.
unlinked-link = Beth sy'n hysbys am bwy

# Spaces
spaces-title = Lleoedd
spaces-shown = Dangosir { $count }
spaces-more-there = , mae rhagor
spaces-more = Rhagor o leoedd
spaces-none = Dim lle eto.
spaces-free = lle ar ôl
spaces-busy = yn llenwi
spaces-full = llawn
spaces-over = gormod
spaces-left = { $count } ar ôl
spaces-of-before = o
spaces-of = { $current } o { $maximum }
spaces-gauge = Pobl yn { $name }
spaces-open-door = Agor sgrin y drws
spaces-may-overfill = Gellir ei orlenwi: mae'r drws yn gofyn bob tro.
spaces-came-went = { $entered } wedi dod i mewn, { $left } wedi mynd allan
spaces-days = Dyddiau
spaces-day-before = y diwrnod cynt
spaces-day-after = y diwrnod wedyn
spaces-as-table = Yr un peth fel tabl
spaces-csv = Y diwrnod hwn fesul munud, ar gyfer taenlen (CSV)
spaces-hour = Awr
spaces-least = Lleiaf
spaces-mean = Cymedr
spaces-most = Mwyaf
spaces-in = I mewn
spaces-out = Allan
spaces-this-day = y diwrnod hwn
spaces-usual = yr arfer ar y diwrnod hwn o'r wythnos
spaces-people-over = Pobl dros y dydd, { $day }
spaces-week = Yr wythnos arferol
spaces-week-how = Cymedr y pedair wythnos diwethaf, fesul diwrnod ac awr.
spaces-busiest = { $day }: mwyaf am { $hour }, { $mean }
spaces-unknown = ddim yn hysbys
spaces-weekday = Diwrnod
spaces-put-right = Cyfrifon a gywirwyd
spaces-none-put-right = Dim yn y 30 diwrnod diwethaf.
spaces-when = Pryd
spaces-what = Beth
spaces-why = Pam
spaces-who = Pwy
spaces-emptied-from = pawb allan, { $before } cynt
spaces-set-from = { $before } → { $after }
spaces-by-command = llinell orchymyn
spaces-settings = Enw ac uchafswm
spaces-name = Enw
spaces-maximum = Pobl a ganiateir i mewn
spaces-maximum-note = Daw cyfrif uwch i lawr i uchafswm newydd.
spaces-overfill = Gellir ei orlenwi, pan fydd y drws yn dweud hynny bob tro
spaces-save = Cadw
spaces-settings-taken = Wedi'i gadw. Mae'r archwiliad yn dweud pwy a'i gwnaeth.
spaces-by-program = Yr un peth gan raglen
spaces-delete = Dileu
spaces-delete-this = Dileu'r lle hwn
spaces-delete-one = Dileu { $name }?
spaces-delete-what = Bydd ei gyfrif, ei hanes, ei allweddi a'i sgriniau'n mynd gydag ef. Ni ellir dod â nhw'n ôl. Mae'r archwiliad yn dweud pwy a'i gwnaeth.
spaces-keep = Ei gadw
spaces-was-deleted = Mae'r lle wedi'i ddileu.

# The screen at a door
door-title = { $name }: drws
door-may = arall gaiff ddod i mewn
door-full = Llawn
door-in = +1 I MEWN
door-out = −1 ALLAN
door-all-the-same = Llawn. Cyfrif i mewn er hynny?
door-yes = Ie, cyfrif i mewn
door-no = Na
door-came-in = Daeth un i mewn.
door-went-out = Aeth un allan.
door-not-counted = Llawn: heb ei gyfrif
door-nobody-there = Neb i mewn: heb ei gyfrif
door-undone = Wedi'i dynnu'n ôl.
door-emptied = Mae pawb allan.
door-was-set = Mae'r cyfrif wedi'i osod.
door-undo-in = Dadwneud: i mewn, { $ago }
door-undo-out = Dadwneud: allan, { $ago }
door-undo-in-plain = Dadwneud: i mewn
door-undo-out-plain = Dadwneud: allan
door-seconds = { $count } eiliad yn ôl
door-minutes = { $count } munud yn ôl
door-live = ● yn fyw
door-away = Mae'r blwch i ffwrdd: mae tapiau'n aros yma.
door-wait-one = 1 yn aros am y blwch
door-wait-many = { $count } yn aros am y blwch
door-late-full = Heb eu cyfrif, gan ei fod yn llawn erbyn hynny: { $count }
door-lost = Ni wyddys a gafodd ei gyfrif, edrychwch ar y rhif: { $count }
door-refused = Ni chyfrifwyd hynny: nid eich drws chi yw hwn mwyach.
door-sign-in = Mewngofnodwch eto: mae tapiau'n aros yma tan hynny.
door-needs-box = Heb ei wneud: mae'r blwch i ffwrdd. Rhowch gynnig arall arni.
door-hold = Pawb allan (daliwch 2 eiliad)
door-everybody-out = Pawb allan
door-set-to = Gosod i …
door-empty-what = Cyfrifwyd { $current } yn { $name }. Wedyn bydd yn 0. Mae'n sefyll yn yr hanes, gyda'ch enw.
door-reason-if-any = Pam, os hoffech
door-reason = Pam
door-how-many = Faint sydd yn { $name }?
door-set-what = Cyfrifwyd { $current }, caniateir { $maximum }. Mae'n sefyll yn yr hanes, gyda'ch enw.
door-number = Pobl i mewn
door-set-it = Gosod
door-leave-it = Ei adael fel y mae

# Screens for whoever stands before a door
kiosk-screens = Sgriniau
kiosk-what = Mae sgrin wrth y drws yn dangos faint gaiff ddod i mewn o hyd. Nid oes angen mewngofnodi i'w dolen, ac nid yw'n dda i ddim arall.
kiosk-since = ers { $day }
kiosk-take = Tynnu ymaith
kiosk-take-one = Tynnu { $name } ymaith
kiosk-taken = Mae'r sgrin wedi'i thynnu ymaith: nid yw'n dangos dim mwy.
kiosk-name = Ei henw, megis ble mae'n hongian
kiosk-make = Gwneud dolen
kiosk-made = Sgrin { $name }
kiosk-scan = Sganiwch hwn gyda'r sgrin, neu teipiwch y ddolen yno.
kiosk-code = Cod QR y ddolen
kiosk-once = Dangosir y ddolen y tro hwn yn unig. Mae pwy bynnag sydd â hi yn gweld y lle hwn ac ni all wneud dim. Tynnwch hi ymaith ar dudalen y lle.
kiosk-wait = Arhoswch
kiosk-old = Mae'r sgrin hon o { $time }
kiosk-gone = Tynnwyd y sgrin hon ymaith
# Plots that several pages have
plot-half-hours = Ynni ym mhob hanner awr
plot-gap = dim darlleniad
plot-doubtful = heb ei fesur
plot-people-unit = pobl
plot-people-maximum = Caiff { $count } fod i mewn
plot-balance = Eich balans dros yr amser hwn
plot-balance-told = { $first } ar { $from }, { $last } ar { $to }. { $count ->
    [0] Ni chododd o gwbl
    [one] Cododd unwaith, o { $sum }
   *[other] Cododd { $count } o weithiau, o { $sum } i gyd
}. Yr isaf oedd { $lowest }.
plot-balance-more = { $when }: { $amount } yn fwy
