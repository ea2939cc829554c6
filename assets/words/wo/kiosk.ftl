# The kiosk, as its visitors and the staff behind its PIN read it.
kiosk-title = Jëlal sa tike
kiosk-choose = Laalal liggéey bi nga soxla.
kiosk-services = Liggéey yi
kiosk-languages = Làkk
kiosk-display = Ekraŋ
kiosk-large-text = Mbind mu mag
kiosk-contrast = Melo yu leer
kiosk-low-reach = Butoŋ yi ci suuf
kiosk-waiting = { $count ->
    [0] Kenn xaarul
   *[other] { $count } nit ñu ngi xaar
}
kiosk-tile-closed = Tëju na
kiosk-tile-full = Fees na tey
kiosk-offline = Lënku gi dog na. Teewul mën nga jël tike.
kiosk-no-paper = Amul këyit léegi. Sa nimero dina feeñ ci ekraŋ bi.
kiosk-broken = Masin bii mënul joxe tike. Laajal ca dalukaay ba.
kiosk-issuing = Sa tike mu ngi ñëw
kiosk-your-number = Sa nimero
kiosk-people-ahead = { $count ->
    [0] Kenn jiituwu la
   *[other] { $count } nit ñoo la jiitu
}
kiosk-wait = Xaar
kiosk-where = Toogal ci néegu xaarukaay bi. Sa nimero dina feeñ ci ekraŋ bi.
kiosk-print-printing = Sa tike mu ngi génn
kiosk-print-printed = Jëlal sa tike
kiosk-print-unconfirmed = Sa tike war naa génn
kiosk-print-unconfirmed-help = Su génnul, bindal sa nimero: denc nañu ko.
kiosk-print-failed = Sa tike mënul génn
kiosk-print-failed-help = Denc nañu sa nimero. Bindal ko walla nga nataal ekraŋ bi.
kiosk-print-unknown = Xamuñu ndax sa tike génn na
kiosk-print-unknown-help = Denc nañu sa nimero. Bindal ko walla nga nataal ekraŋ bi.
kiosk-acknowledge = Bind naa sama nimero
kiosk-finish = Jeexal
kiosk-follow = Toppal sa waar ci sa telefon
kiosk-follow-help = Nataalal kod bii.
kiosk-follow-code = Kod ngir topp tike { $number }
kiosk-home = Dellu ca njëlbéen ga
kiosk-closed-hours = Tëj nañu
kiosk-closed-hours-help = Waxtu yi ñu ubbi lañuy joxe tike yi.
kiosk-closed-paused = Masin bii dafa taxaw
kiosk-closed-paused-help = Laajal ca dalukaay ba.
kiosk-closed-no_service = Amul benn liggéey bu ubbi
kiosk-closed-no_service-help = Dellusil ci kanam walla nga laaj ca dalukaay ba.
kiosk-starting = Masin bi mu ngi tàmbali
kiosk-starting-help = Mu ngi xaar ay tànneefam. Dina yàgg tuuti.
kiosk-more-time = Ndax soxla nga yeneen jot?
kiosk-more-time-left = Dellu ca njëlbéen ga ci { $seconds } saa.
kiosk-more-time-yes = Waaw, maa ngi wéy
kiosk-more-time-no = Déedéet, jeexal naa
kiosk-corner = Bunt liggéeykat yi
unlock-title = Bunt liggéeykat yi
unlock-ask = Bindal sa kod.
unlock-wrong_pin = Kod bii baaxul. Jéemaatal.
unlock-locked_out = Jéem nga lu bari. Xaaral ay simili, nga jéemaat.
maintenance-title = Toppatoo
maintenance-state = Ni masin bi mel
maintenance-printer = Imprimant
maintenance-server = Serwër
maintenance-journal = Téere
maintenance-sound = Baat
maintenance-clock = Montar
maintenance-ok = Baax na
maintenance-journal-unsent = { $count ->
    [0] Yónnee nañu lépp ca serwër ba
   *[other] Des na { $count } mbind yu ñu wara yónnee
}
maintenance-since = La ko dale { $time }
maintenance-tickets = Tike yi mujj
maintenance-no-tickets = Kenn jëlul tike ci masin bii tey.
maintenance-reprint = Génneewaat
maintenance-reprint-number = Génneewaat tike { $number }
maintenance-test-print = Jéem génne këyit
maintenance-test-sound = Jéem baat bi
maintenance-pause = Taxawal
maintenance-resume = Tàmbaliwaat
maintenance-setup = Ubbi tànneef yi
maintenance-leave = Dellu ca masin ba
maintenance-sent = Laaj nañu ko.
maintenance-version = Sumb { $version }
print-issued = Génnagul
print-printing = Mu ngi génn
print-printed = Génn na
print-unconfirmed = Xéyna génn na
print-failed = Génnul
print-unknown = Wóorul ndax génn na
connection-online = Lëkkalu na
connection-connecting = Mu ngi lëkkaloo
connection-offline = Lëkkalul
connection-standalone = Amul serwër
