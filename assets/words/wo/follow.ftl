# The follow page, as a customer reads it on a phone.
follow-title = Topp sama tike
follow-waiting = Yaa ngi ci raŋ bi
follow-called = Yaa ci aye
follow-serving = Ñu ngi lay liggéeyal
follow-done = Jeex na
follow-done-help = Jërëjëf ci sa ñëw.
follow-missed = Woo nañu la woon
follow-missed-help = Demal ca dalukaay ba ak sa nimero: mën nañu la wootewaat.
follow-held = Denc nañu sa tike
follow-held-help = Dinañu la wootewaat. Bul sori.
follow-cancelled = Far nañu tike bii
follow-cancelled-help = Jëlal beneen tike ci masin bi su la soxlaa.
follow-counter = Gise { $counter }
follow-ahead = { $count ->
    [0] Yaa ci topp
   *[other] { $count } nit ñoo la jiitu
}
follow-wait = lu tollook { $count } simili
follow-soon = léegi léegi
follow-near = Sa aye a ngi jege
follow-near-help = Dellusil ci néeg bi te bul sori.
follow-unknown = Gisuñu tike bii
follow-unknown-help = Xéyna dafa yàgg lool, walla kod bi jànguwul bu baax. Nataalaatal kod bi ci sa tike, walla nga laaj ca dalukaay ba.
follow-away = Amul lënku léegi
follow-stale = Ni mu meloon ci { $time }
follow-stale-help = Xët wi dina yeesalu bu lënku gi dellusee. Sa palaas ñu ngi ko denc; xoolal itam ekraŋ bi ci néeg bi.
follow-foot = Bàyyil xët wii mu ubbeeku. Nimero bi dina feeñ itam ci ekraŋ bi ci néeg bi.
