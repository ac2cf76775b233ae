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
