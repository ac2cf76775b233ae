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
unlinked-title = Nid oes mesurydd wedi'i gysylltu â chi eto
unlinked-text = Rydych wedi mewngofnodi fel { $name }, ac nid oes dim yma i chi ei weld hyd yn hyn. Gall pwy bynnag sy'n rhedeg y blwch gysylltu eich mesurydd â chi. Yna llwythwch y dudalen hon eto.
unlinked-link = Beth sy'n hysbys am bwy

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
# Plots that several pages have
plot-half-hours = Ynni ym mhob hanner awr
plot-gap = dim darlleniad
plot-doubtful = heb ei fesur
plot-people-day = Y 24 awr ddiwethaf
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
