# The kiosk, as its visitors and the staff behind its PIN read it.
kiosk-title = Take your ticket
kiosk-choose = Touch the service you need.
kiosk-services = Services
kiosk-languages = Language
kiosk-display = Display
kiosk-large-text = Large text
kiosk-contrast = High contrast
kiosk-low-reach = Lower buttons
kiosk-waiting = { $count ->
    [0] Nobody waiting
    [one] { $count } person waiting
   *[other] { $count } people waiting
}
kiosk-tile-closed = Closed
kiosk-tile-full = Full for today
kiosk-offline = The network is down. You can still take a ticket.
kiosk-no-paper = No paper tickets at the moment. Your number will show on the screen.
kiosk-broken = This kiosk cannot give tickets. Please ask at the front desk.
kiosk-issuing = Your ticket is coming
kiosk-your-number = Your number
kiosk-people-ahead = { $count ->
    [0] Nobody before you
    [one] { $count } person before you
   *[other] { $count } people before you
}
kiosk-wait = Wait
kiosk-where = Please take a seat in the waiting room. Your number will show on the screen.
kiosk-print-printing = Your ticket is printing
kiosk-print-printed = Take your ticket
kiosk-print-unconfirmed = Your ticket should be printed
kiosk-print-unconfirmed-help = If it does not come out, write down your number: it is saved.
kiosk-print-failed = Your ticket could not be printed
kiosk-print-failed-help = Your number is saved. Write it down or take a photo of the screen.
kiosk-print-unknown = We do not know whether your ticket came out
kiosk-print-unknown-help = Your number is saved. Write it down or take a photo of the screen.
kiosk-acknowledge = I have my number
kiosk-finish = Finish
kiosk-follow = Follow your turn on your phone
kiosk-follow-help = Scan this code.
kiosk-follow-code = Code to scan to follow ticket { $number }
kiosk-home = Back to the start
kiosk-closed-hours = We are closed
kiosk-closed-hours-help = Tickets are given during opening hours.
kiosk-closed-paused = This kiosk is paused
kiosk-closed-paused-help = Please ask at the front desk.
kiosk-closed-no_service = No service is open
kiosk-closed-no_service-help = Come back a little later or ask at the front desk.
kiosk-starting = The kiosk is starting
kiosk-starting-help = It is waiting for its settings. This takes a moment.
kiosk-more-time = Do you need more time?
kiosk-more-time-left = { $seconds ->
    [one] Back to the start in { $seconds } second.
   *[other] Back to the start in { $seconds } seconds.
}
kiosk-more-time-yes = Yes, I need more time
kiosk-more-time-no = No, I have finished
kiosk-corner = Staff access
unlock-title = Staff access
unlock-ask = Enter your code.
unlock-wrong_pin = That code is not right. Try again.
unlock-locked_out = Too many tries. Wait a few minutes, then try again.
maintenance-title = Maintenance
maintenance-state = State of the kiosk
maintenance-printer = Printer
maintenance-server = Server
maintenance-journal = Journal
maintenance-sound = Sound
maintenance-clock = Clock
maintenance-ok = In order
maintenance-journal-unsent = { $count ->
    [0] Everything is sent to the server
    [one] { $count } record to send
   *[other] { $count } records to send
}
maintenance-since = Since { $time }
maintenance-tickets = Latest tickets
maintenance-no-tickets = No ticket taken on this kiosk today.
maintenance-reprint = Print again
maintenance-reprint-number = Print ticket { $number } again
maintenance-test-print = Print a test
maintenance-test-sound = Try the sound
maintenance-pause = Pause
maintenance-resume = Back in service
maintenance-setup = Open settings
maintenance-leave = Back to the kiosk
maintenance-sent = Asked.
maintenance-version = Version { $version }
print-issued = Not printed yet
print-printing = Printing
print-printed = Printed
print-unconfirmed = Probably printed
print-failed = Not printed
print-unknown = Not sure if printed
connection-online = Connected
connection-connecting = Connecting
connection-offline = No connection
connection-standalone = No server
