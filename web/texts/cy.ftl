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
start-seen = Wedi gweld
tile-meters = Mesuryddion
tile-meters-answer = { $count } o { $total } yn ateb
tile-meters-all = clywir pob un
tile-meters-waiting = { $count } heb eu holi eto
tile-meters-worst = distaw hiraf: { $name }, { $age }
tile-meters-never = nid yw { $name } erioed wedi ateb
tile-energy = Ynni heddiw
tile-energy-kwh = { $energy } kWh
tile-energy-yesterday = erbyn hyn ddoe { $energy } kWh
tile-people = Pobl
tile-people-of = { $count } o { $maximum }
tile-people-nobody = nid oes neb i mewn
tile-people-fullest = llawnaf: { $name }
tile-people-full = mae { $name } yn llawn
tile-cloud = Cwmwl
tile-cloud-behind = { $count } ar ôl
tile-cloud-connected = anfonwyd { $sent }, cysylltwyd { $age }
tile-cloud-away = heb gysylltiad
tile-cloud-waiting = { $count } cofnod yn aros
tile-backup = Copi wrth gefn
tile-backup-never = byth
tile-backup-do = gwnewch un, neu dewiswch ble
tile-backup-trouble = methodd yr un diwethaf
tile-backup-keys = gydag allweddi
tile-backup-no-keys = gadawyd yr allweddi allan
load-title = Llwyth y tŷ heddiw
load-time = O
load-used = Defnyddiwyd (kWh)
load-usual = fel arfer
load-given = rhoddwyd yn ôl
load-others = eraill
load-in-part = yn hysbys yn rhannol
beats-title = Sut clywyd y mesuryddion heddiw
beats-all = pob un o'r { $count }
beats-read = darllenwyd
beats-late = hwyr
beats-waits = yn aros
beats-gap = ar goll
beats-told = { $name }: { $read } o { $over } hanner awr
ends-title = Tystysgrifau, 90 diwrnod
ends-now = nawr
ends-over = drosodd
ends-renewal = adnewyddu
ends-end = diwedd
ends-door = Drws
ends-told = { $door }: yn dod i ben { $end }
ends-told-renewal = { $door }: adnewyddir { $renewal }, fel arall daw i ben { $end }
plot-table = Fel tabl
plot-csv = Ar gyfer taenlen (CSV)

# All meters
energy-title = Ynni
energy-answer = { $count } yn ateb
energy-silent = { $count } ddim yn ateb
energy-settle = Edrychwch ar fesurydd { $meter }
energy-settle-code = dim ond person all ddweud a dderbyniodd god { $made }
energy-none = Dim mesurydd eto.
energy-none-add = Ychwanegwch un:
energy-find = Chwilio
energy-sort = Trefn
energy-sort-worst = gwaethaf yn gyntaf
energy-sort-name = enw
energy-sort-power = pŵer nawr
energy-sort-balance = lleiaf ar ôl
energy-only = Dim ond
energy-only-all = pob un
energy-only-silent = distaw
energy-only-gaps = gyda hanner oriau i'w nôl
energy-only-low = balans isel
energy-feeder = Porthwr
energy-show = Dangos
energy-found-none = Nid oes mesurydd felly.
energy-all = Pob mesurydd
energy-name = Mesurydd
energy-state = Cyflwr
energy-now = Nawr
energy-today = Heddiw
energy-days = 14 diwrnod
energy-fortnight = kWh y dydd, y 14 diwrnod diwethaf: { $days }
energy-balance = Ar ôl
energy-low = isel
energy-signal = Signal
energy-heard = Clywyd
energy-sum = { $count } mesurydd
energy-before = ‹ cynt
energy-after = wedyn ›
energy-found = { $count } i gyd
signal-weak = gwan
signal-fair = gweddol
signal-good = da
signal-strong = cryf
counts-common = rhannau cyffredin
counts-main = prif fesurydd
counts-generation = cynhyrchu

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

# One meter
meter-all = Mesuryddion
meter-pages = Tudalennau y mesurydd hwn
meter-use = Defnydd
meter-health = Cyflwr
meter-log = Cofnod
meter-settings = Gosodiadau
meter-until = Eich un chi tan { $date }. Mae'r hyn a welir yma o'ch amser chi.
meter-card-until = eich un chi tan { $date }
meter-off = wedi ei ddiffodd
meter-another = mesurydd arall sy'n ateb
meter-not-asked = heb ei holi eto
meter-silent = ddim yn ateb
meter-catching-up = yn dal i fyny
meter-answers = yn ateb
meter-silent-lamp = Ddim yn ateb
meter-silent-never = Ni chlywyd dim ganddo eto.
meter-silent-since = Ni chlywyd dim ers { $time }.
meter-silent-theirs = Nid ydym wedi cael dim o'ch mesurydd ers { $time }. Nid yw'n effeithio ar eich cyflenwad. Caiff yr hanner oriau eu nôl yn nes ymlaen.
meter-look = Edrychwch ar y mesurydd
meter-look-why = Ni wyddys a gymerodd god, a dim ond person all ddweud.
meter-look-code = Cod { $date }
meter-nothing = Dim eto
meter-never = heb ei glywed erioed
meter-register = cofrestr { $value }
meter-last-half = { $energy } yn yr hanner awr ddiwethaf
meter-top-up = Ychwanegu at y balans â chod
meter-explain = Esbonio'r balans
meter-csv = Pob hanner awr fel CSV
meter-turn = Cyn ac wedyn
meter-before = cynt
meter-after = wedyn
meter-kinds = Faint a ddangosir
meter-day = diwrnod
meter-week = wythnos
meter-month = mis
meter-year = blwyddyn
meter-in = i mewn
meter-out = allan
meter-peak = hanner awr brig
meter-night = ymlaen drwy'r nos
meter-gaps = { $count ->
    [two] { $count } hanner awr heb ddarlleniad
   *[other] { $count } hanner awr heb ddarlleniad
}
meter-doubtful = Cyfrifwyd { $count } hanner awr, heb eu mesur
meter-not-theirs = Nid eich amser chi
meter-gap-fetched = dim darlleniad, yn cael ei nôl
meter-day-before = y diwrnod cynt
meter-table = Fel tabl
meter-table-from = O
meter-days = Fesul diwrnod
meter-months = Fesul mis
meter-heat = { $count } diwrnod fesul awr: tywyllach yw mwy
meter-beats = Hanner oriau'r dyddiau diwethaf
meter-beats-day = { $day }: { $known } yma, { $missing } ar goll
meter-beat-read = darllenwyd
meter-beat-late = hwyr
meter-beat-waits = yn aros
meter-beat-gap = bwlch
meter-heard = Clywyd ddiwethaf
meter-signal = Signal
meter-signal-good = da
meter-signal-weak = gwan
meter-voltage-limits = mae 216.2 i 253 V yn iawn
meter-half-hours = Hanner oriau
meter-open = Mae { $count } hanner awr i'w nôl o'r mesurydd o hyd; y diweddaraf sy'n dod gyntaf.
meter-all-here = Mae popeth sydd gan y mesurydd yma, hyd { $time }.
meter-erased = Heblaw am y rhai y gofynnodd rhywun am eu dileu.
meter-serial = Rhif cyfres
meter-ask = Gofyn nawr
meter-asked = Gofynnir iddo cyn gynted ag y daw ei dro; bydd yr hyn a etyb yn sefyll yma wedyn.
meter-look-again = Edrych eto
meter-said = Dywedodd
meter-said-last = Yr hyn a ddywedodd ddiwethaf
meter-value = Gwerth
meter-no-value = dim gwerth: { $why }
meter-estimated = wedi ei gyfrifo, nid ei fesur
meter-stale = o { $time }, mae'r mesurydd yn dawel
meter-own-log = Cofnod y mesurydd ei hun
meter-log-without = Heb y cipluniau dyddiol.
meter-log-empty = Dim ond y cipluniau dyddiol hyd yn hyn.
meter-event = Digwyddiad { $number }
meter-when = Pryd
meter-what = Beth
meter-log-pages = Tudalennau y cofnod
meter-newer = mwy newydd
meter-older = hŷn
meter-charges = Yr hyn a godir
meter-tariff-in-force = Mewn grym
meter-tariff-to-come = I ddod
meter-tariff-none = Dim
meter-tariff-now = Nawr
meter-tariff-from = O { $date }
meter-tariff-plain = { $when }: { $rate }/kWh, { $day } y dydd
meter-tariff-rate = Pris
meter-tariff-rate-b = Pris, elfen B
meter-tariff-standing = Tâl sefydlog
meter-tariff-emergency = Credyd argyfwng
meter-tariff-offered = Cynigir o falans o
meter-tariff-debt = Dyled a ad-delir
meter-tariff-begins = Yn dechrau, yn ôl cloc y mesurydd
meter-tariff-mask = Trothwyon ar gyfer, fel y mae gan y mesurydd
meter-tariff-thresholds = Trothwyon, fel y maent gan y mesurydd
meter-tariff-block = Bloc mewn grym, fel y mae gan y mesurydd
meter-tariff-tou-b = Cyfradd elfen B, fel y mae gan y mesurydd
meter-tariff-since = Gwelwyd ers
meter-tariff-prices = Pris, tâl sefydlog
meter-tariff-written = Ysgrifennwyd ddiwethaf drwy'r blwch hwn: { $words }
meter-tariff-unknown = Heb ei ddarllen eto.
meter-cuts-itself = Mae mesurydd rhagdalu yn torri'r cyflenwad ei hun pan ddaw'r balans i ben. Ni all y blwch hwn atal hynny.
meter-prepays = Telir am ynni ymlaen llaw.
meter-billed = Telir drwy fil.
meter-prepays-unknown = Nid yw'r mesurydd wedi dweud eto.
meter-q-import-a = Mewnforio
meter-q-export-a = Allforio
meter-q-reactive-import-a = Mewnforio adweithiol
meter-q-reactive-export-a = Allforio adweithiol
meter-q-import-b = Mewnforio, elfen B
meter-q-export-b = Allforio, elfen B
meter-q-reactive-import-b = Mewnforio adweithiol, elfen B
meter-q-reactive-export-b = Allforio adweithiol, elfen B
meter-q-apparent-import = Mewnforio ymddangosiadol
meter-q-apparent-export = Allforio ymddangosiadol
meter-q-balance = Balans
meter-q-csq = Signal (CSQ)
meter-q-power = Pŵer
meter-q-voltage = Foltedd
meter-q-voltage-l1 = Foltedd L1
meter-q-voltage-l2 = Foltedd L2
meter-q-voltage-l3 = Foltedd L3
meter-q-clock-drift = Gwall y cloc
meter-q-tariffs-active = Tariff mewn grym
meter-q-tariffs-future = Tariff i ddod
meter-q-prepay-enabled = Rhagdalu
meter-q-daylight-savings = Amser haf
meter-q-hardware = Math
meter-q-meter-serial = Rhif cyfres ar y mesurydd
meter-q-firmware-version = Cadarnwedd
meter-q-backlight = Golau cefn
meter-q-load-switch = Switsh llwyth

# People and tokens, for whoever manages them
people-title = Pobl
people-count = { $count ->
    [two] { $count } berson
   *[other] { $count } person
}
people-all = Pwy gaiff fewngofnodi
people-not-chosen = heb ddewis cyfrinair
people-chosen = wedi dewis cyfrinair
people-spaces-count = { $count } lle
people-add = Rhywun newydd
people-add-do = Ychwanegu, a gwneud dolen
people-name = Enw
people-role = Rôl
people-no-role = Dewiswch rôl.
people-meters = Mesuryddion
people-meter = Mesurydd
people-meters-how = Rhifau cyfresol gyda bwlch rhyngddynt; mae SERIAL@2026-05-01 yn dechrau ar y diwrnod hwnnw.
people-meters-end = Daw'r hyn a adewch allan i ben nawr.
people-meters-now = Eu rhai nhw o hyn ymlaen
people-meters-set = Mae'r mesuryddion wedi'u cadw.
people-no-meters = Nid oes mesurydd wedi'i gysylltu.
people-from = O
people-until = Hyd
people-spaces = I borthor: y lleoedd hyn yn unig (dim tic: pob un)
people-spaces-of = Lleoedd
people-spaces-what = Mae porthor yn gweld y lleoedd sydd â thic; dim tic: pob un.
people-spaces-set = Mae'r lleoedd wedi'u cadw.
people-save = Cadw
people-since = ers { $day }
people-sign-in = Mewngofnodi
people-invite = Gwneud dolen untro
people-invite-what = Trwy ddolen maent yn dewis cyfrinair, unwaith, o fewn diwrnod. Daw dolenni hŷn i ben.
people-link-for = Dolen i { $name }
people-link-what = Mae { $name } yn ei hagor unwaith, hyd { $until }, ac yn dewis cyfrinair.
people-once = Dim ond unwaith y caiff ei dangos. Cadwch hi i chi'ch hun nes i chi ei rhoi ymlaen.
people-to-one = At { $name }
people-to-tokens = At y tocynnau
people-shared = Mae { $meter } yn perthyn i { $name } hefyd.
people-unknown-meter = Nid oes mesurydd { $meter } yn y gofrestr eto.
people-postponed = Daeth { $meter } i ben nawr, ac nid yw'n perthyn iddynt eto tan { $day }.
people-end = Pan fyddant yn gadael
people-end-what = Mae symud allan yn cymryd y darlleniadau olaf ac yn dod â'u pethau i ben; gallant ddarllen eu hamser eu hunain o hyd. Mae dileu yn mynd â'r cyfrif.
people-move-out = Symud allan
people-move-out-one = Mae { $name } yn symud allan
people-move-out-what = Darllenir pob un o'u mesuryddion unwaith eto, yna daw eu dolenni a'u sesiynau i ben. Gall gymryd munud.
people-day = Ar ddechrau'r diwrnod hwn (gwag: nawr)
people-no-day = Nid yw { $day } yn ddiwrnod.
people-left = Mae { $name } wedi symud allan
people-left-nothing = Nid oedd dim yn perthyn iddynt nawr, ac ni newidiwyd dim.
people-left-sessions = Sesiynau a ddaeth i ben: { $count }.
people-left-reading = Darlleniad olaf, ar { $at }
people-left-no-reading = Nid oes darlleniad.
people-left-remains = Beth sydd ar ôl
people-remove = Dileu
people-remove-one = Dileu { $name }?
people-remove-what = Bydd cyfrif { $name } yn mynd, gyda'i sesiynau a'i ddolenni. Ni ellir ei ddadwneud.
people-remove-own = Eich cyfrif eich hun yw hwn: cewch eich allgofnodi ar unwaith, ac ni ellir ei ddadwneud.
people-keep = Yn ôl, newid dim
people-tokens = Tocynnau API
people-tokens-all = Mewn grym
people-tokens-none = Nid oes tocyn gan unrhyw raglen.
people-token-new = Tocyn newydd
people-token-for = I beth y mae
people-scopes = Beth y caiff ei wneud
people-token-do = Gwneud y tocyn
people-token-made = Y tocyn ar gyfer { $name }
people-token-once = Mae rhaglen yn ei anfon fel Authorization: Bearer.
people-revoke = Diddymu
people-revoke-one = Diddymu'r tocyn { $name }?
people-revoke-what = Gwrthodir rhaglenni sy'n ei gario o'u cais nesaf ymlaen. Ni ellir ei ddadwneud.
people-by-program = Yr un peth gan raglen
people-no-token = Nid oes tocyn sy'n cwmpasu pobl a thocynnau: mae hyn yn mynd trwy sesiwn gweinyddwr, gyda gwerth ffurflenni tudalen.

# Alarms: the box's own rules, by their names
alarm-meter-offline = Nid yw { $name } yn ateb: { $detail }
alarm-meter-exchanged = { $name }: mae mesurydd arall yn ateb: { $detail }
alarm-meter-clock-unset = { $name }: mae'r cloc yn dangos dyddiad nad oes gan yr un cloc; gosodwch ef
alarm-meter-clock = { $name }: mae'r cloc { $value } eiliad o'i le
alarm-prepay-low = { $name }: mae { $value } ar ôl
alarm-topup-in-doubt = { $name }: ni ŵyr neb eto a gymerwyd cod; gweler Arian, neu `gatelodge prepay list`
alarm-voltage-out = { $name }: { $value } { $unit }, sydd y tu allan i { $raise } { $unit }
alarm-space-full = Mae { $name } yn llawn
alarm-queue-high = Mae { $value } % o'r lle i'r hyn sy'n aros am y cwmwl wedi'i ddefnyddio
alarm-cert-expiry = Mae tystysgrif yn dod i ben ymhen { $value } diwrnod: { $detail }
alarm-cert-expiry-soon = Mae tystysgrif yn dod i ben ymhen { $value } diwrnod: { $detail }
alarm-clock-unsynced = Nid yw cloc y blwch wedi'i gydamseru: edrychwch ar ei amser rhwydwaith
alarm-backup-failed = Nid yw'r copïau wrth gefn fel y dylent fod: { $detail }
alarm-box-hot = Mae'r blwch yn { $value } { $unit }: rhowch aer iddo, neu bydd ei brosesydd a'i gerdyn cof yn heneiddio
alarm-under-voltage = Mae cyflenwad y blwch yn rhy wan, ac mae perygl i'r hyn a ysgrifennir: defnyddiwch un cryfach a chebl byrrach
alarm-disk-low = Mae { $value } % o'r ddisg yn rhydd: gwnewch le, neu rhowch un fwy i'r blwch
alarm-flapping = { $words } (yn mynd a dod)
alarms-stand = { $count ->
    [one] { $words }
   *[other] Mae { $count } larwm yn sefyll, y gwaethaf: { $words }
}

# One's own page, and a lost password
away-title = Mae'r blwch i ffwrdd
away-what = Nid yw'r ddyfais hon yn cyrraedd y blwch mwyach: mae ei rhwydwaith, neu'r blwch ei hun, i ffwrdd. Nid oes dim a gymerodd y blwch wedi'i golli.
away-door = Mae drysau y bu'r ddyfais hon yn cyfrif wrthynt yn dal i gyfrif: agorwch un, a bydd tapiau'n aros nes daw'r blwch yn ôl.
away-again = Rhowch gynnig arall
again-title = Eich cyfrinair unwaith eto
again-what = Rydych ar fin gweld a newid pwy gaiff fewngofnodi yma, ac mae mwy na chwarter awr ers i chi ei deipio.
again-password = Cyfrinair
again-do = Ymlaen
me-title = Eich cyfrif
me-password = Cyfrinair arall
me-old = Cyfrinair hyd yma
me-new = Cyfrinair newydd
me-again = Cyfrinair newydd unwaith eto
me-differ = Mae'r ddau gyfrinair newydd yn wahanol.
me-password-what = O leiaf 10 nod. Cewch eich allgofnodi ym mhob man arall.
me-password-do = Ei newid
me-password-changed = Mae eich cyfrinair wedi newid, ac rydych wedi'ch allgofnodi ym mhob man arall.
me-sessions = Ble rydych wedi mewngofnodi
me-here = Yma
me-session = ers { $since }, defnyddiwyd { $used }
me-end-others = Dod â phob un arall i ben
me-sessions-ended = Rydych wedi'ch allgofnodi ym mhob man arall.
me-data = Eich data
me-data-take = Cymryd eich data, gweld beth a gedwir amdanoch, neu ei ddileu
me-data-kept = Beth mae'r blwch hwn yn ei gadw am bwy, ac am ba hyd
me-lost = Wedi colli'ch cyfrinair?
me-lost-ask = Gofynnwch i bwy bynnag sy'n rhedeg y blwch hwn am ddolen newydd.
me-lost-how = Maent yn gwneud un o dan Blwch, Pobl, neu gyda

# What pages say in place of an error
fault-first-page = I'r dudalen gyntaf
fault-asked = Ni ellir gofyn am hynny
fault-asked-text = Nid oes tudalen yma'n arwain at y cyfeiriad hwn.
fault-forbidden = Nid i chi
fault-forbidden-text = Nid yw eich rôl yn cynnwys hynny.
fault-residents = I breswylwyr y mae'r dudalen hon. Hafan yw eich un chi.
fault-404 = Does dim byd yma
fault-404-text = Nid yw'r cyfeiriad yn arwain at dudalen o'r blwch hwn.
fault-not-so = Nid fel yna
fault-not-so-text = Mae'r cyfeiriad hwn ar gyfer rhywbeth arall.
fault-method = Nid yw'r cyfeiriad hwn yn derbyn y dull hwnnw
fault-much = Mae hynny'n ormod
fault-much-text = Mae'r hyn a anfonwyd yn fwy na dim y mae tudalen yma'n gofyn amdano.
fault-form = Ni ellir darllen y ffurflen honno
fault-back = Ewch yn ôl, llwythwch y dudalen eto, a rhowch gynnig arall arni.
fault-name = Enw arall
fault-name-text = Nid yw'r blwch hwn yn ateb o dan yr enw hwnnw.
fault-421 = Nid yw'r blwch hwn yn ateb o dan yr enw hwnnw
fault-no-host = Nid yw'r cais yn enwi gwesteiwr, neu mae'n enwi sawl un
fault-429 = Gormod o geisiadau
fault-429-text = Arhoswch funud, yna llwythwch y dudalen eto.
fault-rate = Mae'r galwr hwn wedi defnyddio ei gyfradd; rhowch gynnig arall arni'n nes ymlaen.
fault-disk = Mae'r ddisg yn llawn
fault-disk-text = Ni newidiwyd dim. Gall pwy bynnag sy'n rhedeg y blwch wneud lle.
fault-disk-full = Mae'r ddisg yn llawn, ni newidiwyd dim
fault-503 = Nid nawr
fault-503-text = Mae'r blwch yn brysur, neu'n cychwyn neu'n stopio. Rhowch gynnig arall arni ymhen eiliad.
fault-busy = Prysur, rhowch gynnig arall arni ymhen eiliad
fault-crowded = Mae gormod o atebion yn aros i'w cymryd
fault-500 = Aeth rhywbeth o'i le yma
fault-500-text = Ni sydd ar fai, ac mae yng nghofnod y blwch.
fault-500-number = Ni sydd ar fai, ac mae yn y cofnod o dan rif y cais hwn.
fault-unchanged = Ni newidiwyd dim
fault-not-taken = Ni dderbyniwyd hynny
fault-taken = Ni dderbynnir hynny
fault-400 = Ni ellir darllen y cais
fault-414 = Mae'r cyfeiriad yn rhy hir
fault-body-long = Mae'r corff yn rhy hir
fault-media = Nid yw'r cyfeiriad hwn yn derbyn corff o'r math hwnnw
fault-body = Nid yw'r corff yn un y mae'r cyfeiriad hwn yn ei dderbyn
fault-websocket = Mae'r cyfeiriad hwn eisiau WebSocket
fault-way-back = Nid yw hynny'n arwain at dudalen o'r blwch hwn
fault-no-meter = Nid oes mesurydd o'r fath.
fault-no-topup = Nid oes ychwanegiad o'r fath.
fault-no-list = Mae'r rhestr honno wedi mynd: fe'i holwyd dros hanner awr yn ôl. Gludwch hi eto.
fault-not-done = Ni ellid gwneud hynny, a ni sydd ar fai.
fault-unread = Ni ellid darllen hynny, a ni sydd ar fai.
fault-period = Ni chaiff y diwrnod cyntaf fod ar ôl yr olaf, ac esbonnir 400 diwrnod ar y mwyaf ar unwaith.
fault-no-space = Nid oes lle o'r fath
fault-no-day = Nid oes diwrnod o'r fath
fault-too-many = Mae gormod
fault-not-counted = Ni chyfrifwyd hynny. Rhowch gynnig arall arni.
fault-one-tap = Un ar y tro
fault-one-tap-text = Mae tap yn cyfrif un person i mewn neu allan.
fault-how-many = Faint sydd i mewn?
fault-how-many-text = Rhowch nifer y bobl sydd i mewn.
form-not-taken = Ni dderbyniwyd y ffurflen honno
form-forged = ni ddaeth y ffurflen o'r wefan hon, neu roedd ei thudalen yn rhy hen. Rhowch gynnig arall arni.
form-forged-text = ni ddaeth y ffurflen o'r wefan hon, neu roedd ei thudalen yn rhy hen. Ewch yn ôl, llwythwch y dudalen eto, a rhowch gynnig arall arni.
form-long = mae'r ffurflen yn fwy na dim y mae tudalen yma'n gofyn amdano. Rhowch gynnig arall arni.
form-unread = ni ellir darllen y ffurflen. Rhowch gynnig arall arni.
form-session = ni ellid chwilio am y sesiwn. Rhowch gynnig arall arni.

# Signing in, and a first password
login-title = Mewngofnodi
login-again = Ai chi sydd yno?
login-again-what = Cyn i chi benderfynu pwy gaiff weld eich data, teipiwch eich cyfrinair unwaith eto.
login-errand = Mae { $client } yn gofyn am weld hanner oriau eich mesurydd. Mewngofnodwch, a phenderfynwch ar y dudalen nesaf.
login-name = Enw
login-wrong = mae'r enw neu'r cyfrinair yn anghywir
login-tries = gormod o gynigion; arhoswch { $count ->
    [one] funud
    [two] { $count } funud
   *[other] { $count } munud
}
login-busy = mae gormod o bobl yn mewngofnodi ar hyn o bryd; rhowch gynnig arall arni ymhen ychydig eiliadau
login-disk = heb ei ysgrifennu: mae'r ddisg yn llawn
login-unwritten = heb ei ysgrifennu: ni all y blwch ei gymryd ar hyn o bryd; rhowch gynnig arall arni ymhen eiliad
login-ours = Ni weithiodd hynny, a ni sydd ar fai.
login-short = mae gan gyfrinair o leiaf { $count } nod
login-long = mae gan gyfrinair { $count } beit ar y mwyaf
login-still = Rydych wedi mewngofnodi o hyd
login-still-text = Ni allai'r blwch gofnodi hynny. Rhowch gynnig arall arni ymhen eiliad.
welcome-title = Croeso
welcome-name = Croeso, { $name }
welcome-choose = Dewiswch gyfrinair. Mae'r ddolen hon yn gweithio unwaith.
welcome-once-more = Unwaith eto
welcome-do = Gosod y cyfrinair a mewngofnodi
welcome-differ = Nid yw'r ddau gyfrinair yr un fath.
welcome-over = Mae'r ddolen hon ar ben
welcome-over-text = Fe'i defnyddiwyd o'r blaen, mae'n hŷn na diwrnod, neu ni fu erioed. Gall pwy bynnag a'i rhoddodd i chi wneud un newydd: gatelodge user invite NAME.

# An application asks, and a person decides
consent-title = Mae { $client } yn gofyn
consent-head = Mae { $client } yn gofyn am weld eich hanner oriau
consent-who = { $url }. { $provider } sy'n eu darparu, gyda'ch caniatâd chi yn unig.
consent-who-member = { $url }, o'r aelod { $member }. { $provider } sy'n eu darparu, gyda'ch caniatâd chi yn unig.
consent-before = Caniataoch i { $client } weld { $sources } ar { $at }, hyd { $until }. Os caniatewch eto, bydd yr hyn a ddewiswch nawr yn cymryd ei le.
consent-and = {" a "}
consent-no-meter = Ni ellir rhannu unrhyw fesurydd i chi eto. Gall pwy bynnag sy'n rhedeg y blwch hwn baratoi un. Dywedir wrth { $client } na chaniataoch.
consent-back = Yn ôl at { $client }
consent-gets = Bydd yn cael
consent-meter = ({ $source }): { $measures }, pob hanner awr, o { $from } ymlaen.
consent-use = yr hyn a ddefnyddiwch
consent-give = yr hyn a roddwch yn ôl i'r grid
consent-week = Yr hyn a ddefnyddioch yn eich wythnos ddiwethaf, yn union fel y byddai'n ei weld.
consent-no-week = Ni ddarllenwyd dim ohono eto: byddai'n gweld hanner oriau fel y dônt.
consent-tells = Gall ddweud ohonynt
consent-tells-what = Pryd rydych gartref, pryd rydych yn cysgu, a pha fath o bethau a ddefnyddiwch.
consent-gets-not = Ni fydd yn cael
consent-gets-not-what = Eich enw, eich balans na'ch ychwanegiadau.
consent-does = Yr hyn a wna â nhw
consent-does-more = Yr hyn a wna { $client } â'ch data
consent-until = Hyd
consent-1m = 1 mis
consent-3m = 3 mis
consent-1y = 1 flwyddyn
consent-life = { $name }: hyd { $until }
consent-words = Y geiriau rydych yn cytuno iddynt
consent-words-in = Dim ond yn yr iaith hon y mae'r geiriau hyn: { $language }.
consent-stop-any = Gallwch ei atal unrhyw bryd, yn
consent-yours = eich caniatadau
consent-either = Y naill ffordd neu'r llall ewch yn ôl i { $place }.
consent-allow = Caniatáu
consent-deny = Peidio â chaniatáu
consent-choose = Dewiswch un o'r ddau fotwm.
consent-changed = Mae'r hyn y byddech yn cytuno iddo wedi newid ers i chi agor y dudalen hon. Edrychwch arno eto.
consent-choose-end = Dewiswch un o'r tri diwedd.
consent-tick = Ticiwch o leiaf un mesurydd, neu peidiwch â chaniatáu.
consent-visit-over = Mae'r cais hwn ar ben
consent-visit-over-text = Mae'r cais hwn yn anhysbys, wedi'i ddefnyddio neu'n rhy hen. Ewch yn ôl at y rhaglen a dechreuwch eto.
consent-visit-another = Nid cais y rhaglen hon
consent-visit-another-text = Mae'r cais hwn yn perthyn i raglen arall. Ewch yn ôl at y rhaglen a dechreuwch eto.
consent-visit-browser = Dechreuwyd mewn porwr arall
consent-visit-browser-text = Dechreuwyd y cais hwn mewn porwr arall. Ewch yn ôl at y rhaglen a dechreuwch eto.
consent-not-pushed = Ni ofynnwyd am ddim
consent-not-pushed-text = Rhaid gwthio'r hyn y mae rhaglen yn gofyn amdano yn gyntaf. Ewch yn ôl at y rhaglen a dechreuwch eto.
consent-unknown = Nid yw'r rhaglen hon yn hysbys yma
consent-unknown-text = Nid yw wedi'i chofrestru yma, neu cafodd ei hanalluogi yn y cyfamser. Ni roddwyd dim iddi.
consent-address = Nid yw'r cyfeiriad hwn yn gyfan
consent-address-text = Rhaid iddo gael client_id a request_uri, unwaith yr un. Ewch yn ôl at y rhaglen a dechreuwch eto.
consent-licence = Ni chynigir mwyach
consent-licence-text = Ni chynigir yma mwyach y drwydded y mae'r rhaglen yn gofyn oddi tani. Ni roddwyd dim. Ewch yn ôl at y rhaglen a dechreuwch eto.
consent-no-words = Nid oes dim i gytuno iddo eto
consent-no-words-text = Mae geiriau'r drwydded ar goll ar y blwch hwn. Dywedir wrth bwy bynnag sy'n ei redeg. Ni roddwyd dim.
consent-role = Nid oes gan y mewngofnod hwn ei fesuryddion ei hun
consent-role-text = Dim ond pwy bynnag sy'n byw gyda mesurydd all ganiatáu i rywun weld yr hyn a ddywed. Allgofnodwch uchod, a mewngofnodwch fel y person hwnnw.
consent-unavailable-text = Nid yw cloc y blwch hwn yn gywir eto, neu ni all ysgrifennu. Ni roddir dim nes y gall. Rhowch gynnig arall arni ymhen ychydig funudau.
consent-not-theirs = Nid eich un chi i'w ganiatáu
consent-not-theirs-text = Nid eich un chi yw un o'r mesuryddion a ddewiswyd. Ni roddwyd dim. Ewch yn ôl at y rhaglen a dechreuwch eto.
consent-allowed = caniateir
consent-idle = nid yw'n gweld dim nawr
consent-stopped = ataliwyd
consent-over = ar ben
consent-by-person = y person
consent-by-application = y rhaglen
consent-by-operator = pwy bynnag sy'n rhedeg y blwch hwn
consent-import = mewnforio
consent-export = allforio
consent-told = Dywedwyd wrth { $name }.
consent-told-at = Dywedwyd wrth { $name } am { $at }.
consent-being-told = Dywedir wrth { $name } nawr.
consent-told-again = Dywedir wrth { $name } nawr; am { $at } ni weithiodd, a cheisir eto.
consent-not-told = Ni ellid dweud wrth { $name }.

# What a person allowed, and how it was given
consents-title = Pwy sy'n gweld eich data
consents-none = Neb. Pan fydd rhaglen yn gofyn i chi, fe'ch arweinir at dudalen lle rydych yn penderfynu; rhestrir yma yr hyn a ganiatewch, a gellir ei atal yma.
consents-data = Cymryd eich data, neu ei ddileu
consents-allowed = Hanner oriau { $sources }, caniatawyd ar { $granted }, hyd { $until }.
consents-ended = Hanner oriau { $sources }, caniatawyd ar { $granted }; ataliwyd { $at } gan { $by }.
consents-you = chi
consents-nothing-now = { $name } (dim ohono nawr)
consents-left = Daeth i ben gyda'ch tenantiaeth ar { $left }. Pe bai mesurydd ohono'n eiddo i chi eto cyn { $until }, byddai'n gweld hwnnw eto, oni bai eich bod yn ei atal.
consents-evidence = Yr hyn y cytunoch iddo
consents-used = Nolwyd { $all ->
    [two] ddwywaith
   *[other] { $all } gwaith
} i gyd, { $lately ->
    [two] ddwywaith
   *[other] { $lately } gwaith
} ar { $day } (UTC); aeth { $count } hanner awr allan.
consents-fetch = { $at }: { $measure } { $source } o { $from } hyd { $to }, { $count } hanner awr
consents-fetch-broken = { $at }: { $measure } { $source } o { $from } hyd { $to }, torrwyd ar ei draws, o leiaf { $count } hanner awr
consents-no-fetch = Ni nolwyd dim eto.
consents-stop = Atal { $name }?
consents-stop-what = Ni fydd yn gweld dim o { $sources } mwyach, o'r eiliad hon ymlaen. Mae'r hyn a nolwyd eisoes yn aros ganddi; dywed ei thudalen breifatrwydd am ba hyd. I ddechrau eto rhaid iddi ofyn i chi.
consents-stop-do = Ei atal nawr
evidence-title = Tystiolaeth o ganiatâd
evidence-may = Caiff { $name } ({ $client }) weld, trwy ganiatâd cyfrif { $account } yn { $issuer } o dan { $licence }:
evidence-might = Câi { $name } ({ $client }) weld, trwy ganiatâd cyfrif { $account } yn { $issuer } o dan { $licence }:
evidence-source = { $source } ({ $outcode }): hanner oriau { $measures }, o { $from }
evidence-nothing-now = dim nawr o { $source } ({ $outcode }): hanner oriau { $measures }, o { $from }
evidence-state = Cyflwr:
evidence-ends = daw i ben am { $at }.
evidence-ended = roedd i ddod i ben am { $at }.
evidence-happened = Yr hyn a ddigwyddodd
evidence-when = Pryd (UTC)
evidence-words = Y geiriau y cytunwyd iddynt
evidence-missing = Mae'r geiriau ar goll ar y blwch hwn, neu cawsant eu newid yno.
evidence-language = Cytunwyd iddynt yn yr iaith hon: { $language }.
evidence-sha = SHA-256 y geiriau hyn: { $fingerprint }
evidence-given = rhoddwyd ar dudalen y blwch hwn, wedi mewngofnodi â chyfrinair am { $proved }, ar gyfer { $sources } hyd { $expires }; geiriau { $text } ({ $language })
evidence-given-again = rhoddwyd eto ar dudalen y blwch hwn, wedi mewngofnodi â chyfrinair am { $proved }, ar gyfer { $sources } hyd { $expires }; geiriau { $text } ({ $language })
evidence-given-browser = rhoddwyd ar dudalen y blwch hwn, wedi mewngofnodi â chyfrinair am { $proved }, ar gyfer { $sources } hyd { $expires }; geiriau { $text } ({ $language }); porwr: { $agent }
evidence-given-again-browser = rhoddwyd eto ar dudalen y blwch hwn, wedi mewngofnodi â chyfrinair am { $proved }, ar gyfer { $sources } hyd { $expires }; geiriau { $text } ({ $language }); porwr: { $agent }
evidence-redeemed = nolodd y rhaglen ei thocyn
evidence-replayed = daeth cod y rhaglen am yr eildro: daethpwyd â'r hyn a ddaeth ohono i ben
evidence-narrowed = adferwyd y blwch o gopi wrth gefn, ac ni wnaed hwn yn fwy na'r hyn y cytunwyd iddo wedyn: { $sources } hyd { $expires }
evidence-narrowed-all = adferwyd y blwch o gopi wrth gefn, ac ni wnaed hwn yn fwy na'r hyn y cytunwyd iddo wedyn: dim hyd { $expires }
evidence-stopped = ataliwyd gan { $by }

# What pages say of themselves while they change, and lamps
live-is = yn fyw
live-lost = Ddim yn fyw: yn ceisio cyrraedd y blwch eto.
lamp-store = storfa
lamp-occupancy = lleoedd
lamp-meters = mesuryddion
lamp-alarm = larwm
lamp-works = yn gweithio
lamp-in-part = ddim yn gwneud ei holl waith
lamp-disk-full = mae'r ddisg yn llawn, ni dderbynnir dim newydd
lamp-own = { $count ->
    [one] mae rhywbeth i edrych arno: gweler Mesuryddion
    [two] mae { $count } beth i edrych arnynt: gweler Mesuryddion
   *[other] mae { $count } peth i edrych arnynt: gweler Mesuryddion
}

# What is held of somebody, taking it, and having it erased
data-take = Ei gymryd
data-take-what = Popeth sydd gan y blwch hwn amdanoch mewn un ffeil ZIP: hanner oriau a balansau fel CSV, y gweddill fel JSON. Mae'r tablau'n agor mewn unrhyw daenlen.
data-waits = Mae eich archif yn cael ei gwneud: mae'n aros am un arall.
data-making = Mae eich archif yn cael ei gwneud: { $done } o { $of } cam.
data-ready = Mae eich archif yn barod: { $size }, hyd { $until }.
data-how-much = Faint ohono sydd wedi'i wneud
data-stop = Atal
data-download = Ei lawrlwytho
data-failed = Ni ellid ei gwneud, a ni sydd ar fai. Rhowch gynnig arall arni; gall pwy bynnag sy'n rhedeg y blwch hwn weld pam.
data-too-many = Mae gormod o archifau'n cael eu gwneud ar hyn o bryd. Rhowch gynnig arall arni ymhen munud.
data-anew = Ei gwneud o'r newydd
data-make = Gwneud fy archif
data-held = Yr hyn a gedwir amdanoch
data-all = Mae popeth y mae'r blwch yn ei gadw am unrhyw un, ac am ba hyd, o dan
data-erase = Ei ddileu
data-erase-what = Mae'r hyn sy'n mynd, yr hyn sy'n gorfod aros ac am ba hyd ar y dudalen nesaf. Nid oes dim yn digwydd cyn i chi ddweud hynny yno.
data-erase-do = Ei ddileu…
data-erase-other = Mae eich mewngofnod yn rhedeg y blwch hwn, neu'n ei wasanaethu. Gofynnwch i rywun arall sy'n ei redeg eich tynnu:
forget-title = Dileu eich data
forget-head = Dileu eich data?
forget-goes = Yr hyn sy'n mynd
forget-stays = Yr hyn sy'n aros, ac am ba hyd
forget-elsewhere = Yr hyn sydd mewn mannau eraill, a hyd pryd
forget-nothing-back = Ni ddaw dim ohono'n ôl, ac ni allwch fewngofnodi mwyach.
forget-take-first = Cymerwch eich data yn gyntaf os ydych am ei gadw.
forget-meter = Mae'r mesurydd yn dal i gyfrif; nid yw'r hyn a ddywed o hyn ymlaen yn eiddo i neb yma.
forget-sure = Gwn na ddaw dim ohono'n ôl
forget-tick = Ticiwch eich bod yn gwybod na ddaw dim ohono'n ôl.
forget-password = Eich cyfrinair
forget-do = Ei ddileu nawr
forget-not = Ni ddilëwyd dim: ni all y blwch ysgrifennu ar hyn o bryd, neu nid yw ei gloc yn gywir eto
forget-not-text = Rhowch gynnig arall arni ymhen ychydig funudau.
erasure-title = Dilead
erasure-is-done = Mae wedi'i ddileu
erasure-goes-on = Mae'n cael ei ddileu
erasure-done = Gofynnwyd amdano ar { $asked }, gwnaed ar { $ended }.
erasure-asked = Gofynnwyd amdano ar { $asked }. Mae'r cyfrif wedi mynd eisoes; mae'r hanner oriau'n dilyn.
erasure-months = Mae { $done } o { $of } mis wedi'u gwneud.
erasure-no-wait = Nid oes angen i chi aros: mae'n mynd yn ei flaen ohono'i hun.
erasure-trouble = Ni all y blwch fynd ymlaen ar hyn o bryd ac mae'n rhoi cynnig arall arni bob munud. Gall pwy bynnag sy'n ei redeg weld pam.
erasure-number = Rhif y dilead hwn: { $id }. Nid oes enw ar y dudalen hon; gall pwy bynnag sydd â'i chyfeiriad ei gweld.
held-for-ever = cyhyd â'r blwch hwn
held-for-months = am { $count ->
    [two] { $count } ddiwrnod
   *[other] { $count } diwrnod
}, mewn misoedd cyfan
held-for-book = cyhyd â'r llyfr hwn
held-for-years = am { $count ->
    [two] { $count } flynedd
   *[other] { $count } blynedd
}
held-for-days = am { $count ->
    [two] { $count } ddiwrnod
   *[other] { $count } diwrnod
}
held-account = Eich cyfrif: yr enw { $name }, stwnsh o'ch cyfrinair, a pha fesuryddion oedd yn eiddo i chi pryd ({ $count })
held-sessions = Ble rydych wedi mewngofnodi ({ $count }), a stwnshys o ble y mewngofnodoch
held-audit = Llinellau'r archwiliad sy'n eich enwi: pryd y mewngofnodoch, yr hyn a ganiataoch, yr hyn a newidiwyd i chi
held-audit-why = { $long }, fel na all neb sy'n rhedeg y blwch hwn newid yn ddirgel yr hyn a wnaed
held-permissions = { $count } caniatâd i raglen weld eich data: tynnir yn ôl ar unwaith, a dywedir wrth y rhaglen lle gellir
held-evidence = Tystiolaeth o'r hyn a ganiataoch ({ $count } caniatâd): pa raglen, pa fesurydd, y geiriau, trwy ba borwr, a phryd y nolodd
held-evidence-why = am ddwy flynedd ar ôl ei ddiwedd, heb eich enw
held-records = Yr hyn sydd y tu ôl i gofnodion llofnodedig o'ch data: mesurydd, cyfnod, stwnsh o'r ateb; dim hanner oriau
held-records-why = { $long }, fel y gall pwy bynnag sydd â chofnod o'r fath gael ei brofi
held-counts = Eich enw gyda { $count } cyfrif a gywirwyd gennych wrth ddrws
held-half-hours = Hanner oriau mesurydd { $meter } o'ch amser eich hun ({ $count ->
    [two] { $count } ddiwrnod
   *[other] { $count } diwrnod
}), a'r hyn a ddywed ei gofnod ei hun ac adroddiadau tasgau'r blwch am yr amser hwnnw
held-shared = Hanner oriau mesurydd { $meter } o'r amser pan oedd yn eiddo i rywun arall hefyd
held-shared-why = cyhyd ag y maent yn eiddo iddynt
held-money = Balansau ac ychwanegiadau mesurydd { $meter } o'ch amser
held-money-why = { $long } ar y mwyaf, fel y mae'n rhaid i gyfrifon: un balans y dydd a'r rhai o gwmpas taliad; nid enwir mwyach pwy a dalodd
held-registers = Cofrestrau mesurydd { $meter } ar ddechrau a diwedd eich amser, a'i dariffau
held-registers-why = cyhyd ag y cedwir hanner oriau: maent yn ffinio'r amser cyn ac ar ôl eich un chi
held-latest = Y diweddaraf a ddywedodd mesurydd { $meter }
held-latest-why = nes i'r darlleniad nesaf gymryd ei le
elsewhere-log = Cofnod y llyfr, a'i gipluniau: am rai dyddiau, a hyd { $day } fan bellaf
elsewhere-own = Copïau wrth gefn y mae'r blwch hwn yn eu gwneud ei hun ({ $count } yno): mae rhai newydd yn cymryd eu lle, mae'r olaf sy'n eich dal yn mynd tua { $day }
elsewhere-own-open = Copïau wrth gefn y mae'r blwch hwn yn eu gwneud ei hun ({ $count } yno): nes i rai newydd gymryd eu lle
elsewhere-backups = Copïau wrth gefn a wnaed â llaw neu sydd mewn mannau eraill, a ffyn a roddwyd o'r neilltu (mae'r copi diwethaf o { $day }): cyhyd ag y mae pwy bynnag sy'n rhedeg y blwch hwn yn eu cadw
elsewhere-no-backups = Copïau wrth gefn: nid oes un yn hysbys
elsewhere-aside = { $count } llyfr a roddwyd o'r neilltu gan adferiad neu atgyweiriad: cyhyd ag y mae pwy bynnag sy'n rhedeg y blwch hwn yn eu cadw
elsewhere-meter = Cof y mesurydd ei hun: tua blwyddyn o hanner oriau, cyhyd ag y mae'r mesurydd yn eu cadw; gall pwy bynnag a gaiff holi'r mesurydd eu darllen yno, ac nid yw'r blwch hwn yn eu cymryd eto
elsewhere-handed-out = Beth bynnag a roddwyd allan o'r blaen: archifau a gymeroch, data a nolodd rhaglen, gwerthoedd sydd gan gwmwl y gweithredwr, neu sydd eto i'w cyrraedd
privacy-title = Yr hyn sy'n hysbys am bwy
english-only = Yn Saesneg y mae'r dudalen hon.

# The road to the cloud
cloud-test = Profi nawr
cloud-test-what = Yn rhoi cynnig ar y ffordd gam wrth gam; ni newidir dim. Mewn terfynell:
cloud-tested = Y ffordd, gam wrth gam
cloud-mend = Nesaf:
cloud-by-program = Yr un peth gan raglen

# Balances of all meters
money-sum = Mae gan { $count } mesurydd { $sum } ar ôl gyda'i gilydd
money-low = { $count } yn isel
money-none = Nid oes mesurydd rhagdalu yma.
money-how-long = Yn para
money-lasts = { $count ->
    [0] llai na diwrnod
    [two] tua { $count } ddiwrnod
   *[other] tua { $count } diwrnod
}
money-not-known = nid yw defnydd yr wythnos ddiwethaf neu ei bris yn hysbys
money-read = Darllenwyd
money-latest = Atodiadau diweddaraf

# What became of a top-up code
topup-waiting = Ar ei ffordd i'ch mesurydd
topup-checking = Yn gwirio
topup-taken = Mae eich mesurydd wedi'i gymryd
topup-taken-to = Mae eich mesurydd wedi'i gymryd: { $before } → { $after }
topup-refused = Heb ei gymryd: defnyddiwyd y cod hwn o'r blaen neu nid yw ar gyfer y mesurydd hwn
topup-in-doubt = Ddim yn hysbys eto. Rydym yn gofyn i'ch mesurydd ac ni anfonwn y cod ddwywaith
topup-not-sent = Ni ellid cyrraedd eich mesurydd; mae'r cod yn dal yn dda
topup-cancelled = Wedi'i dynnu'n ôl cyn ei anfon
topup-not-sent-not-served = Heb ei anfon: nid yw'r blwch hwn yn gwasanaethu'r mesurydd nawr
topup-not-served = Ddim yn hysbys: nid yw'r blwch hwn yn gwasanaethu'r mesurydd nawr
topup-said-taken = Mae eich mesurydd wedi'i gymryd, meddai rhywun a edrychodd arno
topup-said-not-taken = Heb ei gymryd, meddai rhywun a edrychodd ar eich mesurydd
topup-behind = Yn aros am y cod o'i flaen, tua munud
topup-look = Ddim yn hysbys. Rhaid i rywun edrych ar eich mesurydd; nid anfonir y cod ddwywaith
topup-rose = Cododd eich balans: { $before } → { $after }. Os teipiwyd cod arall wrth y mesurydd, edrychwch ar ei sgrin
topup-counted = Cyfrodd eich mesurydd daliad. Os teipiwyd cod arall wrth y mesurydd, edrychwch ar ei sgrin
topup-not-counted = Heb ei gymryd: ni chyfrodd eich mesurydd y cod hwn. Rhowch gynnig arno wrth y mesurydd ei hun
topup-none-unknown = Nid yw'r blwch hwn yn adnabod y mesurydd mwyach, felly ni ellir anfon cod ato.
topup-none-billed = Nid yw'r mesurydd hwn yn rhagdalu, felly nid yw cod o ddefnydd iddo.
topup-none-three = Mesurydd tri gwedd yw hwn, ac nid yw'r rheini yn cymryd codau.
topup-none-left = Nid ydych yn byw yma mwyach, felly nid anfonir cod o'ch eiddo ato.
topup-given-before = Rhoddwyd y cod hwn ar gyfer y mesurydd hwn o'r blaen. Nid anfonwyd dim nawr
topup-refused-now = Heb ei anfon
topup-digits = 20 digid y cod
topup-how = Nid yw bylchau a chysylltnodau o bwys. Anfonir y cod unwaith; yr hyn y mae eich mesurydd yn ei gyfrif sy'n dweud a gymerodd ef. Mae'r mesurydd yn torri'r cyflenwad ei hun pan ddaw ei falans i ben; ni all y blwch hwn atal hynny.
topup-send = Anfon at y mesurydd
topup-so-far = Codau hyd yn hyn
topup-became = Beth ddaeth ohono
topup-title = Ychwanegu at { $name }
topup-of = Eich cod { $date }
topup-may-be-anothers = Ni chlywyd ateb y mesurydd ei hun. Os teipiwyd cod arall wrth y mesurydd yr un pryd, gall hwn fod yn dda o hyd.
topup-trouble = I bwy bynnag sy'n rhedeg y blwch:
topup-asked = Gofynnir i'ch mesurydd a gyfrodd y cod. Gall hynny gymryd munud.
topup-goes-on = Mae'r dudalen hon yn gofyn eto ei hun. Cewch ei gadael; mae'r blwch yn dal ati.
topup-settle = Ni all y blwch ddweud mwyach a gymerodd y mesurydd y cod. Edrychwch ar y mesurydd, yna dywedwch beth mae'n ei ddangos.
topup-settle-why = Sut rydych chi'n gwybod
topup-settle-taken = Fe'i cymerodd
topup-settle-not-taken = Ni chymerodd ef
topup-take-back = Ei dynnu'n ôl

# A resident's first page
my-none = Nid oes mesurydd wedi'i gysylltu â chi eto.
my-none-now = Nid oes mesurydd wedi'i gysylltu â chi mwyach.
my-none-ask = Gofynnwch i'r tŷ amdano: { $name }
my-closed = Nid yw'r blwch hwn yn darllen mesuryddion ar hyn o bryd.
my-account = Cyfrinair a chyfrif
my-left = { $amount } ar ôl
my-lasts = { $count ->
    [0] yn para llai na diwrnod ar gyflymder yr wythnos ddiwethaf
    [two] yn para tua { $count } ddiwrnod ar gyflymder yr wythnos ddiwethaf
   *[other] yn para tua { $count } diwrnod ar gyflymder yr wythnos ddiwethaf
}
my-read = darllenwyd { $ago }
my-billed = Telir drwy fil. Darlleniad nawr:
my-not-said = Nid yw eich mesurydd wedi dweud eto faint sydd ar ôl. Darlleniad nawr:
my-reading = Darlleniad nawr:
my-nothing = Ni chlywyd dim o'ch mesurydd eto.
my-off = Ni ofynnir i'ch mesurydd ar hyn o bryd. Nid yw'n effeithio ar eich cyflenwad.
my-about = tua { $amount }
my-today = Heddiw
my-yesterday = Ddoe
my-costs = Pris
my-price = { $rate } c y kWh + { $day } c y dydd
my-month = Y mis hwn { $cost }
my-month-of = Y mis hwn { $cost } o tua { $all }
my-month-since = Ers { $day } { $cost }
my-all-days = Pob diwrnod
my-fortnight = 14 diwrnod
my-who = Pwy sy'n gweld fy nata
my-nobody = Neb. Pan fydd rhaglen yn gofyn, chi sy'n penderfynu ar dudalen o'r blwch hwn; mae'r hyn a ganiatewch yn sefyll yma a gellir ei stopio yma.
my-sees = hanner oriau { $what }
my-until = tan { $day }
my-fetched = nôl { $ago }
my-never-fetched = dim wedi'i nôl eto
my-stop = Stopio
my-stop-whom = Stopio { $name }
my-meter = Fy mesurydd
my-quote = Darlleniad i'w roi dros y ffôn
my-cut = Toriad trydan diwethaf
my-no-cut = dim y mae'r blwch hwn yn gwybod amdano
my-data = Cymryd fy nata
my-data-what = Pob hanner awr, balans a chod o'ch amser chi yma, fel ffeiliau taenlen (CSV).
my-kept = Beth a gedwir amdanaf
my-kept-what = Beth sydd gan y blwch hwn amdanoch, am ba hyd, a phwy sy'n ei weld.
my-password = Cyfrinair
my-password-what = Cyfrinair arall, a ble rydych wedi mewngofnodi.
# Meters by a pasted list
energy-add = Ychwanegu mesuryddion
add-list = Mesuryddion, llinell yr un
add-how = Rhif cyfresol, dolen, enw. O daenlen, gludwch y tair colofn. Er enghraifft:
add-ask = Eu holi
add-nothing-yet = Gofynnir i bob mesurydd pwy ydyw. Ni ychwanegir dim cyn i chi weld beth maent yn ei ddweud.
add-empty = Nid yw'r rhestr yn enwi unrhyw fesurydd.
add-long = Holir 500 o fesuryddion ar y mwyaf ar unwaith: gludwch y rhestr fesul rhan.
add-still = { $count ->
    [two] Holir { $count } fesurydd, ers { $seconds } e hyd yn hyn.
   *[other] Holir { $count } mesurydd, ers { $seconds } e hyd yn hyn.
}
add-look-again = Edrych eto
add-count = { $count ->
    [two] Ychwanegwyd { $count } fesurydd.
   *[other] Ychwanegwyd { $count } mesurydd.
}
add-do = Ychwanegu'r rhain
add-silent-too = Gellir ticio mesurydd nad atebodd hefyd: fe'i hychwanegir, a'i holi eto.
add-wrong = ni ellir ychwanegu hwn: { $why }
add-listed = mae ar y rhestr eisoes
add-asking = yn cael ei holi
add-answers = yn ateb fel { $serial }
add-answers-volts = yn ateb fel { $serial }, { $volts } V
add-without-serial = yn ateb, heb ddweud rhif cyfresol: darllenwch ef ar y mesurydd ei hun
add-another = mesurydd arall sy'n ateb: { $says }, disgwyliwyd { $serial }
add-silent = dim llinell: { $why }
add-added = ychwanegwyd
add-not-added = nis ychwanegwyd: { $why }

# The first day of a box, step by step; the sheet to hand over
setup-title = Gosod
setup-1 = Enw, cylchfa, cloc
setup-2 = Sut mae pobl yn ei gyrraedd
setup-3 = Mesuryddion
setup-4 = Pobl
setup-5 = Copi wrth gefn
setup-6 = Cwmwl
setup-7 = Trosglwyddo
setup-done = wedi'i wneud
setup-waits = yn aros
setup-wrong = anghywir
setup-next = Nesaf:
setup-left = Mae { $count } o 7 cam ar ôl.
setup-all-done = Mae'r saith cam wedi'u gwneud.
setup-look-again = Edrych eto
setup-not-taken = Ni newidiwyd dim:
setup-set = Gosod
setup-not-now = Nid nawr
setup-not-now-what = Yr adeilad yw'r dudalen gyntaf eto; mae'r dudalen hon yn aros o dan Blwch.
setup-again = Dechrau yma eto
setup-is-aside = Wedi'i roi o'r neilltu: yr adeilad yw'r dudalen gyntaf.
setup-moved = Mae gan y blwch enw newydd
setup-moved-what = O hyn allan fe'i cyrhaeddir yma, lle byddwch yn mewngofnodi o'r newydd:
setup-name-label = Beth mae pobl yn galw'r adeilad
setup-zone-label = Cylchfa amser
setup-host-label = Enw neu gyfeiriad y mae pobl yn cyrraedd y blwch drwyddo
setup-phone = Daliwch ffôn o flaen y llun, neu agorwch
setup-sheet = Dangos y daflen
setup-name = { $name }
setup-name-unset = ni ddywedodd neb eto beth mae pobl yn galw'r adeilad
setup-name-next = dywedwch isod
setup-zone = { $zone }
setup-zone-unset = UTC, gan na ddywedodd neb ble mae'r adeilad
setup-zone-next = dywedwch isod, megis Europe/London
setup-clock = { $now }; mae gweinydd amser yn ei gadw'n gywir
setup-clock-alone = { $now }; nid oes gweinydd amser yn tystio iddo eto: a yw'n gywir o fewn dwy eiliad?
setup-clock-unknown = { $now }; a yw'n gywir o fewn dwy eiliad?
setup-clock-next = os nad yw, gyda gweinydd amser o fewn cyrraedd:
setup-clock-wrong = nid yw'r cloc yn gywir: { $why }
setup-host = { $name } yw { $found }, sef y peiriant hwn
setup-host-unset = ni osodwyd enw na chyfeiriad i bobl gyrraedd y blwch drwyddo
setup-host-next = gosodwch isod yr enw neu'r cyfeiriad y mae ffonau'n ei gyrraedd drwyddo
setup-host-elsewhere = { $name } yw { $found }, sef peiriant arall, neu lwybrydd sy'n arwain yma
setup-host-open = agorwch ef o ffôn; os bydd hynny'n methu, trwsiwch y cofnod neu'r llwybrydd
setup-host-nowhere = nid yw { $name } yn arwain i unman: { $why }
setup-host-record = ychwanegwch gofnod ar gyfer { $name } lle cedwir enwau'r rhwydwaith, neu gosodwch gyfeiriad sy'n aros
setup-door = nid yw { $door } yn agor: { $why }
setup-certificate = archebwyd y dystysgrif ar gyfer { $names }, ac mae'n adnewyddu ei hun
setup-certificate-wrong = ni ddaeth y dystysgrif: { $why }
setup-trust = mae'r blwch yn cyhoeddi ei dystysgrif ei hun: mae ffonau a phorwyr yn rhybuddio nes iddynt ymddiried yn ei wraidd, root.pem
setup-address = mae pobl yn agor { $pages }
setup-meters-closed = dim, ac mae ystafell y mesuryddion ar gau
setup-meters-open = ychwanegwch rai isod: mae hynny'n ei hagor
setup-meters-none = dim
setup-meters-add = gludwch restr: holir pob un ar unwaith
setup-meters-answer = mae { $count } o { $all } yn ateb
setup-meters-asked = { $count ->
    [two] holir { $count } fesurydd
   *[other] holir { $count } mesurydd
}
setup-meter-silent = nid yw { $name } yn ateb: { $why }
setup-meters-silent = { $count ->
    [two] nid yw { $count } fesurydd yn ateb
   *[other] nid yw { $count } mesurydd yn ateb
}
setup-meters-off = { $count ->
    [two] ni holir { $count } fesurydd, o ddewis rhywun
   *[other] ni holir { $count } mesurydd, o ddewis rhywun
}
setup-people-none = ni all neb fewngofnodi fel gweinyddwr eto
setup-person = mae { $name } yn weinyddwr, ac mae ganddynt gyfrinair
setup-person-waits = mae { $name } yn weinyddwr, heb ddewis cyfrinair eto
setup-person-next = dolen newydd, o dan Pobl neu gyda
setup-admins = mae gan { $count } gweinyddwr gyfrinair
setup-admins-wait = { $count } gweinyddwr heb ddewis cyfrinair eto
setup-others = gall { $count } o bobl eraill fewngofnodi, neu mae ganddynt ddolen i wneud hynny
setup-backup = gwnaed { $at }, gydag allweddi; y rhai nesaf ohonynt eu hunain
setup-backup-none = ni wneir un: mae'r hyn sy'n torri wedi mynd
setup-backup-next = ar y blwch, orau i gof bach neu ffolder a rennir:
setup-backup-wrong = { $why }
setup-backup-mend = trwsiwch ef; mae'r blwch yn ceisio eto bob munud
setup-backup-waits = ni wnaed un eto
setup-backup-bare = gwnaed { $at }, heb allweddi: mae gan yr hyn a adferir ohono awdurdodau newydd
setup-backup-keys = ar y blwch, gydag allwedd i'w chludo ymaith:
setup-backup-same-disk = maent ar ddisg y blwch ei hun: pan fydd yn torri, mae'r ddau wedi mynd
setup-restored = adferwyd un ar brawf { $at }, ac mae'n gyfan
setup-restored-wrong = ni ellid ei adfer ar brawf: { $why }
setup-restored-never = nid adferir un ar brawf: mae backup.test_restore yn dweud byth
setup-restored-waits = nid adferwyd un ar brawf eto
setup-cloud = wedi cysylltu â { $url } ers { $since }
setup-cloud-none = ni ddywedir wrth neb; gellir newid hynny unrhyw bryd
setup-cloud-wrong = heb gysylltu â { $url }: { $why }
setup-cloud-waits = ar y ffordd i { $url }
setup-sheet-ready = mae popeth wedi'i wneud
setup-sheet-waits = mae { $count } cam ar ôl; mae'r daflen yn sôn amdanynt
setup-sheet-next = argraffwch y daflen, a'i chael wedi'i llofnodi
sheet-title = trosglwyddwyd
sheet-what = Gatelodge { $version } ar { $machine }, trosglwyddwyd { $at }.
sheet-by = Gan { $by }.
sheet-open = Mae pobl yn agor
sheet-trust = Ymddiried
sheet-trust-what = Mae'r blwch yn cyhoeddi ei dystysgrif ei hun. Mae ffôn neu borwr yn peidio â rhybuddio unwaith y mae'n ymddiried yn
sheet-meters = Mesuryddion
sheet-name = Enw
sheet-serial = Rhif cyfresol
sheet-line = Llinell
sheet-state = Cyflwr
sheet-import = Mewnforio
sheet-answers = yn ateb
sheet-not-asked = heb ei holi eto
sheet-reading = { $kwh } kWh ar { $at }
sheet-people = Pobl
sheet-role = Rôl
sheet-left = Sut y'i gadawyd
sheet-all-done = Mae { $count } peth wedi'u gwneud, ac nid oes dim ar ôl.
sheet-some-done = Mae { $count } peth wedi'u gwneud. Yr hyn sydd ar ôl:
sheet-step = Cam
sheet-seen = Beth a welwyd
sheet-later = Ar ddiwrnod arall
sheet-doctor = yn profi'r hyn y mae'r blwch yn ei addo.
sheet-status = yn dweud sut mae.
sheet-lost = Cyfrinair coll:
sheet-broken = Blwch wedi torri: gosodwch y pecyn ar un arall, rhowch y ffolder hon yn ôl, yna'r gorchmynion:
sheet-kept = I'w cadw ymhell o'r blwch: copi wrth gefn, yr allwedd sy'n ei agor, copi o
sheet-from = Trosglwyddwyd
sheet-to = Derbyniwyd

# Backups
backups-title = Copïau wrth gefn
backups-well = Gellir dod â'r blwch yn ôl.
backups-off = Ni ddywedodd neb i ble mae'r copïau'n mynd: nid yw'r hyn sydd yn y blwch hwn yn unman arall.
backups-by-hand = Gwnaed copi â llaw. Nid yw'r blwch yn gwneud yr un ei hun.
backups-none-yet = Ni wnaed copi eto.
backups-without-keys = Mae'r allweddi wedi'u gadael allan: mae pwy bynnag sy'n adfer yn cael awdurdodau newydd, a phawb yn mewngofnodi o'r newydd.
backups-trouble = Ni allai'r blwch wneud copi wrth gefn ohono'i hun.
backups-making = Mae copi'n cael ei ysgrifennu, a'i ddarllen eto i'r diwedd.
backups-sending = Mae copi'n cael ei selio, ei anfon i'r bwced, a'i ddarllen eto yno.
backups-trying = Mae copi'n cael ei adfer ar brawf.
backups-waits = Mae ar fin dechrau.
backups-look-again = Edrych eto
backups-how = Gwneud copïau
backups-last = Yr olaf
backups-never = erioed
backups-where = I ble
backups-often = Pa mor aml
backups-every-days = { $count ->
    [one] bob dydd
    [two] bob { $count } ddiwrnod
   *[other] bob { $count } diwrnod
}
backups-every-hours = { $count ->
    [one] bob awr
   *[other] bob { $count } awr
}
backups-every-minutes = { $count ->
    [one] bob munud
    [two] bob { $count } funud
   *[other] bob { $count } munud
}
backups-keep = { $count ->
    [one] cedwir y diweddaraf
   *[other] cedwir y { $count } diweddaraf
}
backups-keys = Allweddi
backups-keys-sealed = allweddi wedi'u selio ynddo
backups-keys-left-out = allweddi wedi'u gadael allan
backups-do = Gwneud copi nawr
backups-off-how = Mae'r llinellau hyn yn y ffurfweddiad yn ei ddechrau, gyda ffolder ar ddisg arall; yna ail-lwythwch y blwch.
backups-trial = Adfer ar brawf
backups-trial-what = Mae prawf yn adfer un i ffolder ei hun, yn darllen y cyfan, ac yn taflu hwnnw. Ni newidir dim o'r blwch.
backups-trials = { $count ->
    [one] Mae'r blwch yn ei wneud bob dydd gyda'r diweddaraf.
    [two] Mae'r blwch yn ei wneud bob { $count } ddiwrnod gyda'r diweddaraf.
   *[other] Mae'r blwch yn ei wneud bob { $count } diwrnod gyda'r diweddaraf.
}
backups-trials-often = Mae'r blwch yn ei wneud sawl gwaith y dydd gyda'r diweddaraf.
backups-trials-off = Nid yw'r blwch yn ei wneud ei hun.
backups-trial-none = Ni roddwyd cynnig ar yr un eto.
backups-trial-good = Mae'n gyfan, a gellid ei adfer.
backups-trial-bad = Ni ellid ei adfer.
backups-kept = Wedi'u cadw
backups-kept-none = Dim eto.
backups-in-bucket = yn y bwced, wedi'i selio
backups-read-again = wedi'i ddarllen eto i'r diwedd
backups-not-read-again = ni wyddys a gafodd ei ddarllen eto
backups-one-tried = adferwyd ar brawf { $age }
backups-one-tried-bad = ni ellid ei adfer { $age }
backups-try = Adfer ar brawf
backups-did-make = Gwnaed y copi.
backups-did-not-make = Ni wnaed copi, neu nid yw fel y dylai fod.
backups-did-try = Gellid adfer { $name }.
backups-did-not-try = Ni ellid adfer { $name }.

# Doors and certificates
doors-title = Drysau a thystysgrifau
doors-all = Drysau
doors-open = ar agor
doors-shut = ar gau, rhoddir cynnig arall arni
doors-closed = heb ei ffurfweddu
doors-serves-http = yn anfon porwyr at https, yn ateb dros dystysgrifau
doors-serves-https = tudalennau a'r APIau i bobl ac apiau
doors-serves-mtls = peiriannau sydd â thystysgrif
doors-serves-grpc = rhaglenni sy'n darllen mesuryddion
doors-serves-relay = cymheiriaid sy'n cyfarfod drwy WebSocket
doors-serves-metrics = rhifyddion i Prometheus
doors-root = Gwreiddyn y blwch ei hun
doors-root-what = Lle mae tystysgrif yn un o eiddo'r blwch, mae porwyr yn rhybuddio nes iddynt ymddiried yn ei wreiddyn. Daliwch ffôn at hwn i'w nôl, a chymharwch yr ôl bys.
doors-root-print = Ôl bys, SHA-256:
doors-certificates = Tystysgrifau
doors-no-certificate = Nid oes drws yn dangos tystysgrif.
doors-by-acme = archebwyd ac adnewyddir ohono'i hun
doors-by-files = darllenwyd o ffeiliau
doors-by-own = un o eiddo'r blwch
doors-names = Enwau
doors-issuer = Cyhoeddwr
doors-ends = Daw i ben
doors-renewal = Adnewyddiad nesaf
doors-renew = Adnewyddu nawr
doors-renewed = Fe'i hadnewyddwyd, a daw i ben { $end }.
doors-renewal-goes-on = Mae'r adnewyddu'n cymryd mwy o amser ac yn mynd ymlaen. Llwythwch y dudalen hon eto ymhen munud.
doors-not-renewed = Ni chafodd ei hadnewyddu.

# The log
log-title = Log
log-since = Mae'r blwch yn cadw llinellau yn y cof; daw'r hynaf o
log-level = O leiaf
log-error = gwall
log-warn = rhybudd
log-info = neges
log-debug = manylyn
log-with = Gyda'r geiriau hyn
log-find = Chwilio
log-download = Lawrlwytho fel testun
log-what = Tynnir allan enwau pobl a mesuryddion a chyfrinachau, a gadewir yr archwiliad allan.
log-none = Nid oes llinell felly.
log-more = Mae mwy; mae hyd at 5,000 yn y ffeil.

# The box
box-title = Y blwch
box-pages = Tudalennau'r blwch
box-ready = yn barod
box-well = Mae popeth yn gwneud ei waith.
box-wanting = { $count ->
    [two] Mae'n rhedeg; nid yw { $count } beth fel y dylai fod.
   *[other] Mae'n rhedeg; nid yw { $count } peth fel y dylai fod.
}
box-salvage = yn cael ei achub
box-salvage-what = Difrodwyd y storfa; gweinir yr hyn y gellid ei ddarllen. Adferwch gopi, neu gweler mewn terfynell beth a gollwyd.
box-degraded = yn rhannol
box-degraded-what = Nid yw rhywbeth isod yn gweithio; mae'r gweddill yn mynd ymlaen hebddo.
box-on-its-way = ar ei ffordd
box-on-its-way-what = Mae'r blwch ar ei ffordd i fyny neu i lawr.
box-next-step = Nesaf:
box-alarms = Larymau nawr
box-no-alarms = Nid oes un yn sefyll.
box-critical = tyngedfennol
box-major = difrifol
box-minor = bychan
box-rule = rheol
box-seen = gwelwyd
box-rooms = Ystafelloedd
box-part-runs = yn gweithio
box-part-attention = angen golwg
box-part-trouble = mewn trafferth
box-part-failed = methodd
box-part-closed = heb ei ffurfweddu
box-part-retrying = rhoddir cynnig arall
box-part-hindered = wedi'i rwystro
box-about = Y blwch hwn
box-version = Fersiwn
box-up-since = Ar waith ers
box-clock = Ei gloc
box-book = Ar ddisg
box-terminal = Mewn terfynell
box-jobs = Gwaith
box-job-off = i ffwrdd
box-job-never = heb redeg eto
box-job-ran = rhedodd
box-job-next = nesaf

# The relay
relay-title = Cyfnewidfa
relay-tally = { $paired } wedi'u paru, { $waiting } yn aros
relay-draining = Ni dderbynnir neb newydd. Mae hyn yn dadwneud hynny:
relay-nobody = Nid oes cymar wedi'i gysylltu. Mae hyn yn gwneud tystysgrif i un:
relay-paired = wedi'i baru
relay-waiting = yn aros am ei bartner
relay-greeting = heb ddweud pwy ydyw
relay-certificate = tystysgrif { $name }
relay-says = dywed mai { $class } ydyw
relay-from = o { $address }
relay-since = ers { $at }
relay-sent = { $count } neges, { $bytes } beit
relay-answered = atebodd { $at }
relay-answered-in = atebodd { $at }, mewn { $ms } ms
relay-end = Terfynu
relay-end-one = Terfynu cysylltiad { $name }?
relay-end-what = Dywedir wrth ei bartner, a chaiff y ddau ddod eto.
relay-more = { $count } arall:

# Webhooks
webhooks-title = Bachau gwe
webhooks-nobody = Ni ddywedir wrth neb. Mae'r adran hon o'r ffurfweddiad yn enwi rhywun:
webhooks-address = Cyfeiriad
webhooks-waiting = Yn aros
webhooks-delivered = Derbyniwyd
webhooks-dead = Rhoddwyd y gorau
webhooks-left-alone = Llonydd hyd
webhooks-sent = Yr hyn a anfonwyd
webhooks-taken = derbyniwyd
webhooks-waits = yn aros
webhooks-tried-again = heb ei dderbyn, rhoddir cynnig arall
webhooks-once-more = anfonir unwaith eto
webhooks-given-up = rhoddwyd y gorau
webhooks-tries = { $count } cynnig
webhooks-again = Anfon eto
webhooks-more = { $count } arall:
