# Words that several faces, the slip and the voice share. Numbers arrive as small integers, times already written.
date-long = { $weekday } { $day } de { $month }
date-and-time = { $date } a las { $time }
wait-range = de { $min } a { $max } minutos
wait-about = alrededor de { $max ->
    [one] { $max } minuto
   *[other] { $max } minutos
}
wait-under = menos de { $max ->
    [1] un minuto
   *[other] { $max } minutos
}
wait-unknown = espera desconocida
opening-today = Abre de nuevo hoy a las { $time }
opening-tomorrow = Abre de nuevo mañana a las { $time }
opening-day = Abre de nuevo el { $weekday } a las { $time }
back = Atrás
next = Siguiente
cancel = Cancelar
close = Cerrar
retry = Reintentar
yes = Sí
no = No
loading = Un momento…
pin-digits-typed = { $count ->
    [0] Ninguna cifra escrita
    [one] { $count } cifra escrita
    [many] { $count } cifras escritas
   *[other] { $count } cifras escritas
}
pin-delete = Borrar la última cifra
pin-enter = Confirmar
weekday-1 = lunes
weekday-2 = martes
weekday-3 = miércoles
weekday-4 = jueves
weekday-5 = viernes
weekday-6 = sábado
weekday-7 = domingo
month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre
decimal-mark = ,
