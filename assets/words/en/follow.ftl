# The follow page, as a customer reads it on a phone.
follow-title = Follow my ticket
follow-waiting = You are in the queue
follow-called = It is your turn
follow-serving = You are being served
follow-done = Visit finished
follow-done-help = Thank you for coming.
follow-missed = You were called
follow-missed-help = Go to the desk with your number: you can be called again.
follow-held = Your ticket is set aside
follow-held-help = You will be called again. Please stay nearby.
follow-cancelled = This ticket is cancelled
follow-cancelled-help = Take a new ticket at the kiosk if you need one.
follow-counter = Counter { $counter }
follow-ahead = { $count ->
    [0] You are next
    [one] { $count } person before you
   *[other] { $count } people before you
}
follow-wait = { $count ->
    [one] about { $count } minute
   *[other] about { $count } minutes
}
follow-soon = in a moment
follow-near = Your turn is near
follow-near-help = Come back to the room and stay nearby.
follow-unknown = This ticket cannot be found
follow-unknown-help = It may be too old, or the code was misread. Scan the code on your ticket again, or ask at the desk.
follow-away = No connection at the moment
follow-stale = As of { $time }
follow-stale-help = The page updates as soon as the connection is back. Your place is kept; watch the screen in the room too.
follow-foot = Keep this page open. The number is shown on the screen in the room too.
