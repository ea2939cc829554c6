# The paper slip. Loaded by the station; times and dates arrive already written.
slip-your-number = Your number
slip-people-ahead =
    { $count ->
        [0] Nobody before you
        [one] { $count } person before you
       *[other] { $count } people before you
    }
slip-wait = Wait: { $wait }
slip-issued = { $date } at { $time }
slip-where = Your number will show on the screen.
slip-follow = Follow your turn on your phone
slip-test-title = Print test
slip-test-frame = All four edges of the frame must be visible.
slip-copy-number = COPY { $number }
