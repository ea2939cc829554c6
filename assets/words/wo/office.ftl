# The office page, as a manager reads it.
office-page = Saytu
office-overview = Léegi
office-waiting = Ñiy xaar
office-longest = Xaar bi gëna gudd
office-agents = Liggéeykat yi fa nekk
office-called = Ñi ñu woo walla ñuy liggéeyal
office-nobody = kenn
office-closed = tëju na
office-no-queues = Amul benn raŋ.
office-stations = Masin yi ak ekraŋ yi
office-no-stations = Amul masin walla ekraŋ bu ñu lëkkale.
office-mode-kiosk = Masin
office-mode-board = Ekraŋ
office-mode-all = Masin ak ekraŋ
office-online = Lëkkalu na
office-silent = Noppi na li ko dale { $time }
office-never = Mësuñu ko dégg
office-revoked = Génne nañu ko
office-no-faults = Lépp baax na
office-unsent = { $count ->
    [0] Yónnee nañu lépp
   *[other] { $count } mbind yu ñu wara yónnee
}
office-tickets = Tike tey
office-tickets-last = { $count } tike yi mujj tey
office-no-tickets = Amul tike tey.
office-number = Nimero
office-queue = Raŋ
office-taken = Jël nañu ko ci
office-status = Ni mu mel
office-counter = Gise
office-status-waiting = mu ngi xaar
office-status-called = woo nañu ko
office-status-serving = ñu ngi koy liggéeyal
office-status-done = jeexal nañu ko
office-status-missed = nekkul
office-status-held = denc nañu ko
office-status-cancelled = far nañu ko
office-fresh = Ni mu mel ci { $time }
office-stale = Amuñu xibaar ci serwër bi li ko dale { $time }
