# Words that several faces, the slip and the voice share. Numbers arrive as small integers, times already written.
date-long = { $weekday } { $day } { $month }
date-and-time = { $date } at { $time }
wait-range = { $min } to { $max } minutes
wait-about = about { $max ->
    [one] { $max } minute
   *[other] { $max } minutes
}
wait-under = less than { $max ->
    [1] a minute
   *[other] { $max } minutes
}
wait-unknown = wait not known
opening-today = Opens again today at { $time }
opening-tomorrow = Opens again tomorrow at { $time }
opening-day = Opens again on { $weekday } at { $time }
back = Back
next = Next
cancel = Cancel
close = Close
retry = Try again
yes = Yes
no = No
loading = One moment…
pin-digits-typed = { $count ->
    [0] No digit typed
    [one] { $count } digit typed
   *[other] { $count } digits typed
}
pin-delete = Delete the last digit
pin-enter = Confirm
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
decimal-mark = .
