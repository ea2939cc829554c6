# The office page, as a manager reads it.
office-page = Office
office-overview = Right now
office-waiting = Waiting
office-longest = Longest wait
office-agents = Agents available
office-called = Called or being served
office-nobody = nobody
office-closed = closed
office-no-queues = No queue is defined.
office-stations = Kiosks and screens
office-no-stations = No kiosk or screen is paired.
office-mode-kiosk = Kiosk
office-mode-board = Screen
office-mode-all = Kiosk and screen
office-online = Online
office-silent = Silent since { $time }
office-never = Never heard
office-revoked = Shut out
office-no-faults = All is well
office-unsent = { $count ->
    [0] Everything is sent
    [one] { $count } record to send
   *[other] { $count } records to send
}
office-tickets = Tickets of today
office-tickets-last = The last { $count } tickets of today
office-no-tickets = No ticket today.
office-number = Number
office-queue = Queue
office-taken = Taken at
office-status = Status
office-counter = Counter
office-status-waiting = waits
office-status-called = called
office-status-serving = being served
office-status-done = served
office-status-missed = no-show
office-status-held = on hold
office-status-cancelled = cancelled
office-fresh = As of { $time }
office-stale = No news from the server since { $time }
