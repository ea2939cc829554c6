# The paper slip. Loaded by the station; times and dates arrive already written.
slip-your-number = Sa nimero
slip-people-ahead =
    { $count ->
        [0] Kenn jiituwu la
       *[other] { $count } nit ñoo la jiitu
    }
slip-wait = Xaar: { $wait }
slip-issued = { $date } ci { $time }
slip-where = Sa nimero dina feeñ ci ekraŋ bi.
slip-follow = Toppal sa waar ci sa telefon
slip-test-title = Jéem génne këyit
slip-test-frame = Wetu kaadar bi yépp war nañoo feeñ.
slip-copy-number = KOPI { $number }
